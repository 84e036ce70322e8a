/**
 * The edge's half of the registration: challenge, check the proof, ask `admit`, tell the verdict.
 */
import { randomBytes } from 'node:crypto';
import type { ClientHttp2Stream } from 'node:http2';

import { claimSchema, type Claim, type Verdict } from '#contract/wire/registration.ts';

import { createLineChannel, type LineChannel } from './lines.ts';
import { verifyProof } from './proof.ts';

/** A claim whose signature was checked. */
export type VerifiedClaim = Claim;

export type AdmissionOutcome =
  | {
      readonly kind: 'admitted';
      readonly claim: VerifiedClaim;
      readonly connectionId: string;
      /** Tells the agent that this connection gets no new requests; `sent` is called once that is on its way. */
      readonly sendDrain: (sent: () => void) => void;
    }
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'broken' };

const nonceBytes = 32;

/** Resolves once the verdict is on its way to the agent, so that no request can overtake it. */
function tell(lines: LineChannel, stream: ClientHttp2Stream, verdict: Verdict): Promise<void> {
  return new Promise((resolve) => {
    stream.once('close', resolve);
    lines.send(verdict, resolve);
  });
}

export async function admitAgent(options: {
  readonly stream: ClientHttp2Stream;
  readonly channelBinding: string;
  readonly edge: string;
  readonly admit: (claim: VerifiedClaim, signal: AbortSignal) => Promise<Verdict>;
  readonly signal: AbortSignal;
  /** Called with what `admit` threw; the agent is told ControlPlaneUnavailable. */
  readonly onAdmitError: (error: unknown) => void;
}): Promise<AdmissionOutcome> {
  const { stream } = options;
  const lines = createLineChannel(stream);
  // SECURITY: a fresh nonce for each connection, beside the channel binding, keeps an old proof worthless.
  const nonce = randomBytes(nonceBytes).toString('hex');
  lines.send({ type: 'challenge', edge: options.edge, nonce });

  const parsed = claimSchema.safeParse(await lines.next());
  if (!parsed.success) return { kind: 'broken' };
  const claim = parsed.data;

  const decide = async (): Promise<Verdict> => {
    // SECURITY: nobody is looked up, let alone admitted, before the proof of the key holds.
    if (!verifyProof(claim, { channelBinding: options.channelBinding, nonce })) {
      return {
        type: 'refused',
        code: 'BadProof',
        message: 'The signature does not belong to this key and connection.',
      };
    }
    try {
      return await options.admit(claim, options.signal);
    } catch (error) {
      options.onAdmitError(error);
      return { type: 'refused', code: 'ControlPlaneUnavailable', message: 'The edge could not look the connector up.' };
    }
  };
  const verdict = await decide();
  if (stream.destroyed || options.signal.aborted) return { kind: 'broken' };
  await tell(lines, stream, verdict);
  if (verdict.type === 'refused') return { kind: 'refused', code: verdict.code };
  return {
    kind: 'admitted',
    claim,
    connectionId: verdict.connectionId,
    sendDrain: (sent) => lines.send({ type: 'drain' }, sent),
  };
}
