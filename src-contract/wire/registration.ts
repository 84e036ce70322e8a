/**
 * The first exchange on a tunnel connection: the agent proves which connector it is, the edge admits or refuses it.
 *
 * After the TLS handshake (ALPN `sallyport-h2/1`) the roles reverse: the edge is the HTTP client. Its first request is
 * `POST https://agent.sallyport.invalid/.well-known/sallyport/registration`, both bodies newline-delimited JSON and
 * open as long as the connection lives:
 *
 *   edge  → agent   Challenge
 *   agent → edge    Claim
 *   edge  → agent   Verdict
 *   edge  → agent   Drain        (later, optional: open no new connection's worth of trust in this one)
 *
 * The proof is an Ed25519 signature (RFC 8032) over `registrationProof`: a context string, the channel binding
 * `tls-exporter` (RFC 9266: it ties the proof to this TLS connection, so that it cannot be relayed), the edge's nonce
 * and who the agent claims to be.
 */
import { z } from 'zod';

export const tunnelAlpn = { h2: 'sallyport-h2/1' } as const;

/**
 * Authority of requests that are for the agent itself. Never a backend (RFC 6761 reserves `.invalid`), so that a
 * backend's own paths below /.well-known/sallyport/ stay its own.
 */
export const controlAuthority = 'agent.sallyport.invalid';

export const registrationPath = '/.well-known/sallyport/registration';
/** The edge asks for it through the tunnel to learn that the agent answers; 204 without a body. */
export const tunnelHealthPath = '/.well-known/sallyport/health';

/** Longest line either side accepts. */
export const maxRegistrationLineBytes = 4096;

const name = z.string().min(1).max(253);
const hex = (bytes: number): z.ZodString => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`));

export const challengeSchema = z.object({
  type: z.literal('challenge'),
  /** Name of the edge, for logs and the window. */
  edge: name,
  nonce: hex(32),
});

export const claimSchema = z.object({
  type: z.literal('claim'),
  namespace: name,
  name,
  uid: name,
  publicKey: hex(32),
  signature: hex(64),
  agentVersion: z.string().max(64),
});
export type Claim = z.infer<typeof claimSchema>;

/** Why an edge refuses. */
export const refusalCodes = [
  'ConnectorNotFound',
  'UidMismatch',
  'KeyMismatch',
  'KeyConflict',
  'BadProof',
  'ControlPlaneUnavailable',
  'Draining',
] as const;
export type RefusalCode = (typeof refusalCodes)[number];

export const verdictSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('admitted'), connectionId: name }),
  z.object({ type: z.literal('refused'), code: z.enum(refusalCodes), message: z.string().max(1024) }),
]);
export type Verdict = z.infer<typeof verdictSchema>;

export const drainSchema = z.object({ type: z.literal('drain') });

/** The bytes that are signed, as UTF-8 text. `channelBinding` and `nonce` are lower-case hexadecimal. */
export function registrationProof(claim: {
  readonly channelBinding: string;
  readonly nonce: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}): string {
  return JSON.stringify([
    'sallyport tunnel registration v1',
    claim.channelBinding,
    claim.nonce,
    claim.namespace,
    claim.name,
    claim.uid,
  ]);
}
