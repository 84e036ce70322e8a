/**
 * The agent's half of the registration: answer the challenge, wait for the verdict. Time-outs are the caller's.
 */
import type { KeyObject } from 'node:crypto';
import type { ServerHttp2Stream } from 'node:http2';

import { challengeSchema, drainSchema, verdictSchema, type RefusalCode } from '#contract/wire/registration.ts';

import { createLineChannel, type LineChannel } from './lines.ts';
import { publicKeyHex, signProof } from './proof.ts';

export type Identity = { readonly namespace: string; readonly name: string; readonly uid: string };

export type RegistrationOutcome =
  | { readonly kind: 'admitted'; readonly connectionId: string }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly message: string }
  /** The edge left or did not keep to the protocol. */
  | { readonly kind: 'broken' };

export async function registerAgent(options: {
  readonly stream: ServerHttp2Stream;
  readonly channelBinding: string;
  readonly connector: Identity;
  readonly privateKey: KeyObject;
  readonly agentVersion: string;
  /** The edge wants no new connection's worth of trust in this one; it finishes what runs. */
  readonly onDrain: () => void;
}): Promise<RegistrationOutcome> {
  const { stream, connector, privateKey } = options;
  stream.respond({ ':status': 200, 'content-type': 'application/x-ndjson' });
  const lines = createLineChannel(stream);

  const challenge = challengeSchema.safeParse(await lines.next());
  if (!challenge.success) return { kind: 'broken' };

  const signature = signProof(privateKey, {
    channelBinding: options.channelBinding,
    nonce: challenge.data.nonce,
    namespace: connector.namespace,
    name: connector.name,
    uid: connector.uid,
  });
  lines.send({
    type: 'claim',
    namespace: connector.namespace,
    name: connector.name,
    uid: connector.uid,
    publicKey: publicKeyHex(privateKey),
    signature,
    agentVersion: options.agentVersion,
  });

  const verdict = verdictSchema.safeParse(await lines.next());
  if (!verdict.success) return { kind: 'broken' };
  if (verdict.data.type === 'refused') {
    return { kind: 'refused', code: verdict.data.code, message: verdict.data.message };
  }
  void awaitDrain(lines, options.onDrain);
  return { kind: 'admitted', connectionId: verdict.data.connectionId };
}

async function awaitDrain(lines: LineChannel, onDrain: () => void): Promise<void> {
  if (drainSchema.safeParse(await lines.next()).success) onDrain();
}
