/**
 * Which backends this agent takes requests to. Decides by name first and, for names, by the addresses they resolve to;
 * the caller dials exactly the addresses it was given.
 */
import { lookup as dnsLookup } from 'node:dns/promises';
import { isIP } from 'node:net';

import type { AllowedTarget } from '#contract/engine.ts';

import { canonicalHost, mayBeNamed, type HostPort } from './address.ts';

/** Resolves a name to all its addresses, best first. Rejects like `dns.lookup`. */
export type Lookup = (name: string) => Promise<readonly string[]>;

export type AllowList = {
  admits(target: HostPort): boolean;
};

/** A target, or an address of it, that the allow list does not admit. */
export class NotAllowed extends Error {
  override readonly name = 'NotAllowed';
}

/** The operating system's resolver, as every other program on this machine sees it. */
export const systemLookup: Lookup = async (name) =>
  (await dnsLookup(name, { all: true, order: 'verbatim' })).map(({ address }) => address);

/** `localhost` needs no resolver. Both: development servers often listen on only one of them. */
const loopback: readonly string[] = ['127.0.0.1', '::1'];

export function createAllowList(entries: readonly AllowedTarget[]): AllowList {
  // SECURITY: default deny. Only what is listed here, in its one canonical spelling, is ever dialled.
  const admitted = new Set<string>();
  for (const { host, port } of entries) {
    const canonical = canonicalHost(host);
    for (const spelling of canonical === 'localhost' ? ['localhost', ...loopback] : [canonical]) {
      admitted.add(`${spelling} ${port}`);
    }
  }
  return { admits: ({ host, port }) => admitted.has(`${host} ${port}`) };
}

/** The addresses to dial for an admitted host. Rejects with NotAllowed if a name has only forbidden ones. */
export async function addressesOf(host: string, lookup: Lookup): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  if (host === 'localhost') return loopback;
  const addresses = await lookup(host);
  // SECURITY: a name on the list admits what it resolves to now, but never this machine or a metadata service.
  const usable = addresses.filter(mayBeNamed);
  if (usable.length === 0) throw new NotAllowed(host);
  return usable;
}
