/**
 * What visitors have in common, whichever HTTP they speak: where a request belongs, what it counts for, which page stands
 * in for an answer, and what its end says about the service.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';

import type { Failure, ForwardOutcome } from '#tunnel/edge/forward.ts';
import type { TunnelSession } from '#tunnel/edge/session.ts';
import { isAgentFailure } from '#tunnel/headers/proxy-status.ts';

import type { EdgeReason } from '../probe-wire.ts';
import type { PageAnswer } from './answer-page.ts';
import type { Observations } from './observations.ts';
import { agentPage, edgePage, edgeProxyStatus } from './pages.ts';
import { requestTarget } from './request-target.ts';
import { findTarget, type HostRoutes, type RouteTarget, type RoutingTable } from './routing-table.ts';
import type { Sessions } from './sessions.ts';
import type { VisitorLimits } from './visitor-limits.ts';

export type Forward = {
  readonly kind: 'forward';
  readonly routes: HostRoutes;
  readonly target: RouteTarget;
  readonly session: TunnelSession;
};
export type Decision =
  | Forward
  | { readonly kind: 'answer'; readonly reason: EdgeReason; readonly routes: HostRoutes | null };

/** Of a request, what decides where it belongs. */
export type Asked = {
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
  /** Names and values alternating. */
  readonly rawHeaders: readonly string[];
  /** The visitor's connection. */
  readonly socket: Socket;
};

export type Reception = {
  readonly isProbe: (asked: Pick<Asked, 'headers'>) => boolean;
  /** The request counts for its visitor until `end` is called or its connection closes. */
  admit(asked: Asked): { readonly decision: Decision; readonly end: () => void };
  /** Another session for a request that reached no agent; null if there is none that was not tried. */
  retry(forward: Forward): () => TunnelSession | null;
  /** Learns from the end of a request. */
  observe(asked: Pick<Asked, 'headers'>, forward: Forward, outcome: ForwardOutcome): void;
};

export function createReception(options: {
  /** null until the routes were loaded for the first time. */
  readonly table: () => RoutingTable | null;
  readonly sessions: Sessions;
  readonly observations: Observations;
  readonly admitRequest: VisitorLimits['admitRequest'];
  readonly isProbe: Reception['isProbe'];
}): Reception {
  const { sessions, observations, admitRequest, isProbe } = options;

  const decide = (asked: Asked): Decision => {
    const answer = (reason: EdgeReason, routes: HostRoutes | null = null): Decision => ({
      kind: 'answer',
      reason,
      routes,
    });
    const wanted = requestTarget(asked.url ?? '', asked.rawHeaders);
    if (wanted === null) return answer('BadRequest');
    const table = options.table();
    if (table === null) return answer('RoutesNotLoaded');
    const routes = table.get(wanted.hostname);
    if (routes === undefined) return answer('UnknownHost');
    const target = findTarget(routes, wanted.path);
    if (target === null) return answer('NoRule', routes);
    // SECURITY: without an advertisement the owner has not let anybody through, whatever the agent would say.
    if (!target.advertised) return answer('SwitchedOff', routes);
    const session = sessions.choose(target.connector);
    if (session === null) {
      if (!isProbe(asked)) observations.requestEnded(routes.proxy, target, 'failed');
      return answer('TunnelNotOnline', routes);
    }
    return { kind: 'forward', routes, target, session };
  };

  return {
    isProbe,
    admit: (asked) => {
      // The operator's probes come from one address, and in the playground that is everybody's.
      const end = isProbe(asked) ? (): void => {} : admitRequest(asked.socket);
      return end === null
        ? { decision: { kind: 'answer', reason: 'VisitorLimit', routes: null }, end: () => {} }
        : { decision: decide(asked), end };
    },
    retry: ({ session, target }) => {
      const tried = new Set([session]);
      return () => {
        const other = sessions.choose(target.connector, tried);
        if (other !== null) tried.add(other);
        return other;
      };
    },
    observe: (asked, { routes, target }, outcome) => {
      const seen = seenIn(outcome);
      if (seen === null) return;
      if (isProbe(asked)) observations.probeEnded(target, seen);
      else observations.requestEnded(routes.proxy, target, seen);
    },
  };
}

export function edgeAnswer(reason: EdgeReason): PageAnswer {
  return { page: edgePage(reason), proxyStatus: edgeProxyStatus(reason) };
}

/** The page for an answer that did not come from the service, and who made it. */
export function failureAnswer(failure: Failure): PageAnswer & { readonly by: 'agent' | 'edge' } {
  if (!isAgentFailure(failure.proxyStatus)) return { ...edgeAnswer(edgeReasonOf(failure)), by: 'edge' };
  return { page: agentPage(failure.status, failure.code), proxyStatus: failure.proxyStatus, by: 'agent' };
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
