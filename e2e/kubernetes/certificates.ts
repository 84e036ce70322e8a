/**
 * Certificates for the servers of one test run: an authority that lives as long, and what it signs.
 */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';

import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** PEM. */
export type Certificate = { readonly cert: string; readonly key: string };

export type Authority = {
  /** PEM. */
  readonly cert: string;
  /** A server's certificate for `names`, DNS names and addresses. */
  issue(names: readonly string[]): Promise<Certificate>;
};

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const hourMs = 3_600_000;

const newKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);

/** Its key is never written. */
export async function createAuthority(): Promise<Authority> {
  const now = Date.now();
  const validity = { notBefore: new Date(now - hourMs), notAfter: new Date(now + 24 * hourMs) };
  const keys = await newKeys();
  const name = 'CN=Sallyport tests';
  const authority = await X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name,
    ...validity,
    signingAlgorithm: algorithm,
    keys,
    extensions: [new BasicConstraintsExtension(true, 0, true), new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true)],
  });
  let issued = 1;
  return {
    cert: authority.toString('pem'),
    issue: async (names) => {
      const server = await newKeys();
      issued += 1;
      const certificate = await X509CertificateGenerator.create({
        serialNumber: issued.toString(16).padStart(2, '0'),
        subject: `CN=${names[0] ?? 'server'}`,
        issuer: name,
        ...validity,
        signingAlgorithm: algorithm,
        publicKey: server.publicKey,
        signingKey: keys.privateKey,
        extensions: [
          new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
          new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
          new SubjectAlternativeNameExtension(
            names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }) as const),
          ),
        ],
      });
      const key = await webcrypto.subtle.exportKey('pkcs8', server.privateKey);
      return { cert: certificate.toString('pem'), key: PemConverter.encode(key, 'PRIVATE KEY') };
    },
  };
}
