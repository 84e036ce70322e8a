/**
 * Which addresses may leave the window for the person's browser: only the ones this agent has published. Pure.
 */
import type { AgentState } from '#contract/agent-state.ts';

/** The normalised address if it is the URL of a service in `state`, or below it; null otherwise. */
export function publishedUrl(address: string, state: AgentState | null): string | null {
  let wanted: URL;
  try {
    wanted = new URL(address);
  } catch {
    return null;
  }
  // SECURITY: no file:, no custom scheme that starts a program, no credentials in the address.
  if (wanted.protocol !== 'http:' && wanted.protocol !== 'https:') return null;
  if (wanted.username !== '' || wanted.password !== '') return null;
  const published = (state?.services ?? []).flatMap(({ url }) => (url === null ? [] : [new URL(url).origin]));
  return published.includes(wanted.origin) ? wanted.href : null;
}
