/**
 * Takes each visitor's HTTP/1.1 request where it belongs: to a page of the edge, or through a session to the service.
 *
 * A request goes to another session only while it certainly reached no agent.
 */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

import { forwardRequest, forwardUpgrade, type ForwardOptions } from '#tunnel/edge/forward.ts';

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
import { answerConnectorHealth } from './probe-endpoint.ts';
import { edgeAnswer, failureAnswer, type Forward, type Reception } from './reception.ts';
import type { HostRoutes } from './routing-table.ts';
import type { Sessions } from './sessions.ts';

export type VisitorRouter = {
  readonly onRequest: (request: IncomingMessage, response: ServerResponse) => void;
  readonly onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
};

export function createVisitorRouter(options: {
  readonly reception: Reception;
  readonly sessions: Sessions;
  readonly observations: Observations;
}): VisitorRouter {
  const { reception, sessions, observations } = options;
  const { isProbe } = reception;

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
    const headers = probeFields(isProbe(request), routes, 'edge');
    writePage(request, response, { ...edgeAnswer(reason), headers });
  };

  /** What requests and upgrades have in common. */
  const forwarding = (
    request: IncomingMessage,
    forward: Forward,
  ): Omit<ForwardOptions, 'response' | 'onAgentFailure'> => {
    const probe = isProbe(request);
    return {
      session: forward.session,
      request,
      backend: forward.target.backend,
      // SECURITY: the probe token stays here, valid or not.
      dropHeaders: [probeHeader],
      probe,
      retry: reception.retry(forward),
      responseHeaders: (answeredBy) => probeFields(probe, forward.routes, answeredBy),
    };
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

  return {
    onRequest: (request, response) => {
      if (answerOperator(request, response)) return;
      const { decision, end } = reception.admit(request);
      response.once('close', end);
      if (decision.kind === 'answer') {
        writeEdgePage(request, response, decision.reason, decision.routes);
        return;
      }
      void forwardRequest({
        ...forwarding(request, decision),
        response,
        onAgentFailure: (failure) => {
          const { by, ...answer } = failureAnswer(failure);
          writePage(request, response, { ...answer, headers: probeFields(isProbe(request), decision.routes, by) });
          return true;
        },
      }).then((outcome) => reception.observe(request, decision, outcome));
    },
    onUpgrade: (request, socket, head) => {
      socket.on('error', () => {});
      // A WebSocket counts as long as its connection lives.
      const { decision } = reception.admit(request);
      if (decision.kind === 'answer') {
        writeEdgePage(request, responseOn(socket, request), decision.reason, decision.routes);
        return;
      }
      void forwardUpgrade({ ...forwarding(request, decision), socket, head }).then((outcome) =>
        reception.observe(request, decision, outcome),
      );
    },
  };
}
