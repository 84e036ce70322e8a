/**
 * What a person is told when a server's address cannot be listened on.
 */
import { AgentError } from './agent-error.ts';

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'Another program listens there.',
  EACCES: 'This account may not listen there.',
  EADDRNOTAVAIL: 'This machine does not have that address.',
  ENOTFOUND: 'The name does not resolve.',
};

/** What Node sets on such an error. */
type ListenFailure = {
  readonly syscall?: string;
  readonly code?: string;
  readonly address?: string;
  readonly hostname?: string;
  readonly port?: number;
};

/** SP_LISTEN_FAILED if `thrown` is the error of a server's `listen`; null for anything else. */
export function listenError(thrown: unknown): AgentError | null {
  if (!(thrown instanceof Error)) return null;
  const { syscall, code = 'nothing', address, hostname, port } = thrown as ListenFailure;
  if (syscall !== 'listen' && syscall !== 'getaddrinfo') return null;
  const host = address ?? hostname ?? '';
  const where = port === undefined ? host : `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const reason = reasons[code] ?? `The system says ${code}.`;
  return new AgentError('SP_LISTEN_FAILED', { address: where, reason }, { cause: thrown });
}
