/**
 * What a probe finds out about a port.
 */
import type { DiscoveredService, ServiceKind } from '#contract/discovery.ts';

export type Identity = Pick<DiscoveredService, 'kind' | 'certain' | 'secure' | 'title' | 'status' | 'product'>;

/** `kind` as the other side has shown it itself. */
export function identityOf(kind: ServiceKind, more: Partial<Omit<Identity, 'kind' | 'certain'>> = {}): Identity {
  return { kind, certain: true, secure: false, title: null, status: null, product: null, ...more };
}

/** Longest text that is taken over from a service. */
const maxTextLength = 120;

/** Text of a service as a person may be shown it: one short line without control characters; null if nothing is left. */
export function shownText(text: string): string | null {
  // SECURITY: what a service says about itself could move a terminal's cursor or reverse the order of a line.
  const clean = text.replace(/[\p{Cc}\s\u200E\u200F\u202A-\u202E\u2066-\u2069]+/gu, ' ').trim();
  const characters = Array.from(clean);
  if (characters.length === 0) return null;
  return characters.length <= maxTextLength ? clean : `${characters.slice(0, maxTextLength - 1).join('')}…`;
}
