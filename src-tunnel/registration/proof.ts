/**
 * The agent's proof that it holds a connector's key, tied to one TLS connection. Ed25519 (RFC 8032) over
 * `registrationProof`; the binding is `tls-exporter` (RFC 9266).
 */
import { createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import type { TLSSocket } from 'node:tls';

import { registrationProof, type Claim } from '#contract/wire/registration.ts';

type Subject = Pick<Claim, 'namespace' | 'name' | 'uid'>;

/** The same 32 bytes, as hexadecimal, at both ends of `socket` and nowhere else. RFC 9266 §4.2: empty context. */
export function channelBinding(socket: TLSSocket): string {
  return socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)).toString('hex');
}

/** The raw public half of an Ed25519 key, 64 hexadecimal digits. */
export function publicKeyHex(privateKey: KeyObject): string {
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
  if (typeof x !== 'string') throw new TypeError('not an Ed25519 key');
  return Buffer.from(x, 'base64url').toString('hex');
}

export function signProof(privateKey: KeyObject, proof: Parameters<typeof registrationProof>[0]): string {
  return sign(null, Buffer.from(registrationProof(proof), 'utf8'), privateKey).toString('hex');
}

/** True if the holder of `claim.publicKey` signed this claim on this very connection for this very nonce. */
export function verifyProof(
  claim: Subject & Pick<Claim, 'publicKey' | 'signature'>,
  connection: { readonly channelBinding: string; readonly nonce: string },
): boolean {
  const { namespace, name, uid } = claim;
  try {
    const key = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(claim.publicKey, 'hex').toString('base64url') },
      format: 'jwk',
    });
    const text = registrationProof({ ...connection, namespace, name, uid });
    return verify(null, Buffer.from(text, 'utf8'), key, Buffer.from(claim.signature, 'hex'));
  } catch {
    return false;
  }
}
