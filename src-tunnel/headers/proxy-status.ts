/**
 * The `Proxy-Status` field (RFC 9209): how agent and edge say that an answer is theirs and not the backend's.
 */

/** The RFC 9209 §2.3 error types this project uses. */
export type ProxyErrorType =
  | 'connection_limit_reached'
  | 'connection_refused'
  | 'connection_terminated'
  | 'connection_timeout'
  | 'destination_ip_unroutable'
  | 'destination_not_found'
  | 'destination_unavailable'
  | 'dns_error'
  | 'http_protocol_error'
  | 'http_request_denied'
  | 'http_request_error'
  | 'http_response_header_section_size'
  | 'http_response_incomplete'
  | 'proxy_internal_error'
  | 'tls_certificate_error'
  | 'tls_protocol_error';

/** Names of the two intermediaries in the field. */
export const agentName = 'sallyport-agent';
export const edgeName = 'sallyport-edge';

export function proxyStatus(
  by: typeof agentName | typeof edgeName,
  error: ProxyErrorType,
  details: string | null,
): string {
  return `${by}; error=${error}${details === null ? '' : `; details="${details}"`}`;
}

/** True if `value` says that the agent made the answer. Backends cannot: the agent removes such a field of theirs. */
export function isAgentFailure(value: string): boolean {
  return value.startsWith(`${agentName};`) && /;\s*error=/.test(value);
}

/** The `details` parameter, where our codes stand. */
export function statusDetails(value: string): string | null {
  return /;\s*details="([^"\\]*)"/.exec(value)?.[1] ?? null;
}

/** True if a backend's field claims to speak for the agent. */
export function impersonatesAgent(value: number | string | readonly string[] | undefined): boolean {
  if (value === undefined) return false;
  return [value].flat().some((one) => agentMember.test(String(one)));
}

const agentMember = new RegExp(`(?:^|,)\\s*"?${agentName}`, 'i');

/**
 * Marks a WebSocket handshake that the backend answered with 2xx instead of 101 (RFC 9209 §2.1.5): without it such an
 * answer could not be told from an accepted extended CONNECT (RFC 8441 §5).
 */
export function upgradeDeclined(receivedStatus: number): string {
  return `${agentName}; received-status=${receivedStatus}`;
}

export function declinesUpgrade(value: string | string[] | undefined): boolean {
  return typeof value === 'string' && value.startsWith(`${agentName}; received-status=`);
}
