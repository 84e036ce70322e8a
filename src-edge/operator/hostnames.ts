/**
 * Which hostname a proxy has: stable once assigned, unique on the platform.
 */
import type { HTTPProxy } from '#contract/resources/generated.ts';
import { isOlder } from '#kube/seniority.ts';

/** Without vowels, so that no words come out, and without digits that look like letters. */
const alphabet = 'bcdfghjkmnpqrstvwxyz23456789';
const suffixLength = 5;
/** RFC 1035 §2.3.4 */
const maxLabelLength = 63;
/** 28⁵ suffixes; a name taken so often is not to be had. */
const maxAttempts = 100;

export type Hostnames = {
  /**
   * The hostname of `proxy` among `all`; null if no domain is known yet or no name was free. What was given out counts
   * as taken at once, before it shows in `all`.
   */
  assign(proxy: HTTPProxy, all: readonly HTTPProxy[], domain: string | null): string | null;
};

export function createHostnames(random: () => number): Hostnames {
  /** Hostname → uid of the proxy it was given to. */
  const given = new Map<string, string>();

  const suffix = (): string =>
    Array.from({ length: suffixLength }, () => alphabet[Math.floor(random() * alphabet.length)] ?? '').join('');

  return {
    assign: (proxy, all, domain) => {
      const { uid = '', name = '' } = proxy.metadata;
      const alive = new Set(all.map(({ metadata }) => metadata.uid));
      for (const [hostname, holder] of given) if (!alive.has(holder)) given.delete(hostname);

      const others = all.filter(({ metadata }) => metadata.uid !== uid);
      const present = proxy.status?.canonicalHostname;
      if (present !== undefined) {
        const rivals = others.filter(({ status }) => status?.canonicalHostname === present);
        if (!rivals.some((rival) => isOlder(rival, proxy))) {
          given.set(present, uid);
          return present;
        }
      }
      for (const [hostname, holder] of given) if (holder === uid && hostname !== present) return hostname;
      if (domain === null) return null;
      const taken = new Set(others.flatMap(({ status }) => status?.canonicalHostname ?? []));
      const isFree = (hostname: string): boolean =>
        !taken.has(hostname) && (given.get(hostname) ?? uid) === uid && hostname !== present;
      const stem = name.slice(0, maxLabelLength - suffixLength - 1).replace(/-+$/, '');
      let hostname = `${name}.${domain}`;
      for (let attempt = 0; !isFree(hostname); attempt += 1) {
        if (attempt === maxAttempts) return null;
        hostname = `${stem}-${suffix()}.${domain}`;
      }
      given.set(hostname, uid);
      return hostname;
    },
  };
}
