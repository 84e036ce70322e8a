/**
 * The edge's side of the operator's probes: who may ask, and the answer to "is this connector connected?".
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Secret } from '#base/secret.ts';

import { probeHeader, provenKeyHeader } from '../probe-wire.ts';
import { writePage } from './answer-page.ts';
import { edgePage, edgeProxyStatus } from './pages.ts';
import type { ConnectorName } from './routing-table.ts';
import type { Sessions } from './sessions.ts';

/** How long an agent has to answer its health path; below the operator's own limit for a probe. */
const healthTimeoutMs = 4000;

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Tells probes from visitors. */
export function createProbeCheck(token: Secret<string>): (asked: Pick<IncomingMessage, 'headers'>) => boolean {
  const expected = digest(token.reveal());
  return ({ headers }) => {
    const given = headers[probeHeader];
    // SECURITY: compared as digests in constant time, so that answers do not help to guess the token.
    return typeof given === 'string' && timingSafeEqual(digest(given), expected);
  };
}

/** 204 if one of the connector's sessions reaches its agent, 504 if none does in time, 503 if there is none. */
export async function answerConnectorHealth(
  connector: ConnectorName,
  sessions: Sessions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const usable = sessions.of(connector).filter(({ draining }) => !draining);
  const answers = await Promise.all(usable.map((session) => session.answersHealth(healthTimeoutMs)));
  if (response.destroyed) return;
  const answering = usable.find((_, index) => answers[index] === true);
  if (answering !== undefined) {
    response.writeHead(204, { 'cache-control': 'no-store', [provenKeyHeader]: answering.publicKey });
    response.end();
    return;
  }
  const reason = usable.length === 0 ? 'TunnelNotOnline' : 'TunnelSilent';
  writePage(request, response, { page: edgePage(reason), proxyStatus: edgeProxyStatus(reason) });
}
