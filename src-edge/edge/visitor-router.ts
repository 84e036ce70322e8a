/**
 * Takes each visitor's request where it belongs: to a page of the edge, or through a session to the service.
 *
 * A request goes to another session only while it certainly reached no agent.
 */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

import {
  forwardRequest,
  forwardUpgrade,
  type Failure,
  type ForwardOptions,
  type ForwardOutcome,
} from '#tunnel/edge/forward.ts';
import type { TunnelSession } from '#tunnel/edge/session.ts';
import { isAgentFailure } from '#tunnel/headers/proxy-status.ts';

import {
  answeredByHeader,
  observationsPath,
  parseConnectorHealthPath,
  probeHeader,
  routeHeader,
  routeTag,
  type EdgeReason,
} from '../probe-wire.ts';
import { responseOn, writePage } from './answer-page.ts';
import type { Observations } from './observations.ts';
import { agentPage, edgePage, edgeProxyStatus } from './pages.ts';
import { answerConnectorHealth } from './probe-endpoint.ts';
import { requestTarget } from './request-target.ts';
import { findTarget, type HostRoutes, type RouteTarget, type RoutingTable } from './routing-table.ts';
import type { Sessions } from './sessions.ts';
import type { VisitorLimits } from './visitor-limits.ts';

export type VisitorRouter = {
  readonly onRequest: (request: IncomingMessage, response: ServerResponse) => void;
  readonly onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
};

type Forward = {
  readonly kind: 'forward';
  readonly routes: HostRoutes;
  readonly target: RouteTarget;
  readonly session: TunnelSession;
};
type Decision = Forward | { readonly kind: 'answer'; readonly reason: EdgeReason; readonly routes: HostRoutes | null };

export function createVisitorRouter(options: {
  /** null until the routes were loaded for the first time. */
  readonly table: () => RoutingTable | null;
  readonly sessions: Sessions;
  readonly observations: Observations;
  readonly admitRequest: VisitorLimits['admitRequest'];
  readonly isProbe: (request: IncomingMessage) => boolean;
}): VisitorRouter {
  const { sessions, observations, admitRequest, isProbe } = options;

  const decide = (request: IncomingMessage): Decision => {
    const answer = (reason: EdgeReason, routes: HostRoutes | null = null): Decision => ({
      kind: 'answer',
      reason,
      routes,
    });
    const asked = requestTarget(request.url ?? '', request.rawHeaders);
    if (asked === null) return answer('BadRequest');
    const table = options.table();
    if (table === null) return answer('RoutesNotLoaded');
    const routes = table.get(asked.hostname);
    if (routes === undefined) return answer('UnknownHost');
    const target = findTarget(routes, asked.path);
    if (target === null) return answer('NoRule', routes);
    // SECURITY: without an advertisement the owner has not let anybody through, whatever the agent would say.
    if (!target.advertised) return answer('SwitchedOff', routes);
    const session = sessions.choose(target.connector);
    if (session === null) {
      if (!isProbe(request)) observations.requestEnded(routes.proxy, target, 'failed');
      return answer('TunnelNotOnline', routes);
    }
    return { kind: 'forward', routes, target, session };
  };

  /** What operators learn beside the answer, and visitors do not. */
  const probeFields = (probe: boolean, routes: HostRoutes | null, answeredBy: string): OutgoingHttpHeaders =>
    probe
      ? { [answeredByHeader]: answeredBy, ...(routes === null ? {} : { [routeHeader]: routeTag(routes.proxy) }) }
      : {};

  const writeEdgePage = (
    request: IncomingMessage,
    response: ServerResponse,
    reason: EdgeReason,
    routes: HostRoutes | null,
  ): void => {
    writePage(request, response, {
      page: edgePage(reason),
      proxyStatus: edgeProxyStatus(reason),
      headers: probeFields(isProbe(request), routes, 'edge'),
    });
  };

  /** What requests and upgrades have in common. */
  const forwarding = (
    request: IncomingMessage,
    { routes, target, session }: Forward,
  ): Omit<ForwardOptions, 'response' | 'onAgentFailure'> => {
    const probe = isProbe(request);
    const tried = new Set([session]);
    return {
      session,
      request,
      backend: target.backend,
      // SECURITY: the probe token stays here, valid or not.
      dropHeaders: [probeHeader],
      probe,
      retry: () => {
        const other = sessions.choose(target.connector, tried);
        if (other !== null) tried.add(other);
        return other;
      },
      responseHeaders: (answeredBy) => probeFields(probe, routes, answeredBy),
    };
  };

  const writeFailure = (
    request: IncomingMessage,
    response: ServerResponse,
    failure: Failure,
    routes: HostRoutes,
  ): void => {
    if (!isAgentFailure(failure.proxyStatus)) {
      writeEdgePage(request, response, edgeReasonOf(failure), routes);
      return;
    }
    writePage(request, response, {
      page: agentPage(failure.status, failure.code),
      proxyStatus: failure.proxyStatus,
      headers: probeFields(isProbe(request), routes, 'agent'),
    });
  };

  const observe = (request: IncomingMessage, { routes, target }: Forward, outcome: ForwardOutcome): void => {
    const seen = seenIn(outcome);
    if (seen === null) return;
    if (isProbe(request)) observations.probeEnded(target, seen);
    else observations.requestEnded(routes.proxy, target, seen);
  };

  /** The requests that only an operator may make; false if this is none. */
  const answerOperator = (request: IncomingMessage, response: ServerResponse): boolean => {
    if (!isProbe(request)) return false;
    const url = request.url ?? '';
    const connector = parseConnectorHealthPath(url);
    if (connector !== null) void answerConnectorHealth(connector, sessions, request, response);
    else if (url !== observationsPath) return false;
    else if (!observations.watch(response)) writeEdgePage(request, response, 'TunnelBusy', null);
    return true;
  };

  /** As `decide`, for a request that counts for its visitor until the function given back is called. */
  const admit = (request: IncomingMessage): { readonly decision: Decision; readonly end: () => void } => {
    // The operator's probes come from one address, and in the playground that is everybody's.
    const end = isProbe(request) ? (): void => {} : admitRequest(request.socket);
    return end === null
      ? { decision: { kind: 'answer', reason: 'VisitorLimit', routes: null }, end: () => {} }
      : { decision: decide(request), end };
  };

  return {
    onRequest: (request, response) => {
      if (answerOperator(request, response)) return;
      const { decision, end } = admit(request);
      response.once('close', end);
      if (decision.kind === 'answer') {
        writeEdgePage(request, response, decision.reason, decision.routes);
        return;
      }
      void forwardRequest({
        ...forwarding(request, decision),
        response,
        onAgentFailure: (failure) => {
          writeFailure(request, response, failure, decision.routes);
          return true;
        },
      }).then((outcome) => observe(request, decision, outcome));
    },
    onUpgrade: (request, socket, head) => {
      socket.on('error', () => {});
      // A WebSocket counts as long as its connection lives.
      const { decision } = admit(request);
      if (decision.kind === 'answer') {
        writeEdgePage(request, responseOn(socket, request), decision.reason, decision.routes);
        return;
      }
      void forwardUpgrade({ ...forwarding(request, decision), socket, head }).then((outcome) =>
        observe(request, decision, outcome),
      );
    },
  };
}

/** What the end of a request says about the service; null: nothing, such as a visitor who left or asked nonsense. */
function seenIn({ answeredBy, status, brokenOff }: ForwardOutcome): 'answered' | 'failed' | null {
  if (brokenOff === true) return 'failed';
  if (answeredBy === 'origin') return 'answered';
  return status === 0 || status === 400 ? null : 'failed';
}

/** Failures on the edge's side of a tunnel have a status and no code. */
function edgeReasonOf(failure: Failure): EdgeReason {
  if (failure.status === 400) return 'BadRequest';
  if (failure.proxyStatus.includes('connection_limit_reached')) return 'TunnelBusy';
  return failure.status === 503 ? 'TunnelNotOnline' : 'TunnelBroke';
}
