/**
 * The playground's own certificate authority and the certificates of its servers: ECDSA P-256, made with Web Crypto.
 *
 * Only the playground makes certificates; everything else in the project takes them as files.
 */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';

import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  AuthorityKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

export type CertificateFiles = { readonly cert: string; readonly key: string };

type KeyPair = webcrypto.CryptoKeyPair;

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 86_400_000;
const authorityDays = 3650;
/** Browsers and Apple's platforms refuse server certificates that live longer than 398 days. */
const serverDays = 397;
/** Renewed at a start of the playground when less than this is left. */
export const renewBeforeMs = 30 * dayMs;
/** Clocks on one machine agree; virtual machines that share the folder may be a little behind. */
const backdateMs = 3_600_000;

/** RFC 5280 §4.1.2.2: positive and at most 20 octets; a leading 0x01 keeps it positive without shortening it. */
function serialNumber(): string {
  return `01${Buffer.from(webcrypto.getRandomValues(new Uint8Array(15))).toString('hex')}`;
}

async function keyPem(keys: KeyPair): Promise<string> {
  return PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
}

function newKeys(): Promise<KeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

/** A new certificate authority that can sign servers' certificates and nothing else. */
export async function createAuthority(nowMs: number): Promise<CertificateFiles> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: 'CN=Sallyport playground',
    notBefore: new Date(nowMs - backdateMs),
    notAfter: new Date(nowMs + authorityDays * dayMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: `${certificate.toString('pem')}\n`, key: `${await keyPem(keys)}\n` };
}

/** A server certificate for `names` (DNS names and IP addresses), signed by `authority`. */
export async function issueServerCertificate(
  authority: CertificateFiles,
  names: readonly string[],
  nowMs: number,
): Promise<CertificateFiles> {
  const issuer = new X509Certificate(authority.cert);
  const signingKey = await webcrypto.subtle.importKey(
    'pkcs8',
    PemConverter.decodeFirst(authority.key),
    algorithm,
    false,
    ['sign'],
  );
  const keys = await newKeys();
  const alternativeNames: JsonGeneralName[] = names.map((name) => ({
    type: isIP(name) === 0 ? 'dns' : 'ip',
    value: name,
  }));
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: `CN=${names[0] ?? 'server'}`,
    issuer: issuer.subject,
    notBefore: new Date(nowMs - backdateMs),
    notAfter: new Date(nowMs + serverDays * dayMs),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(alternativeNames),
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: `${certificate.toString('pem')}\n`, key: `${await keyPem(keys)}\n` };
}

/** When the certificate `pem` expires, milliseconds since the Unix epoch. */
export function expiresAtMs(pem: string): number {
  return new X509Certificate(pem).notAfter.getTime();
}
