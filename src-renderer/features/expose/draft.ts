/**
 * What is typed or picked in the expose dialog, and what follows from it. Pure.
 */
import type { DiscoveredService } from '#contract/discovery.ts';

import { nameProblem, proposeName } from '../../text/service-name.ts';
import { formatTarget, isSameTarget, readTarget, type Target, type TargetReading } from '../../text/target.ts';
import { likeliest } from './listening.ts';

export type Draft = {
  readonly address: string;
  /** Null until the person edits the name; then it is theirs and no longer proposed. */
  readonly name: string | null;
  /** True while the address is a proposal that the person has not touched. */
  readonly proposed: boolean;
};

export const emptyDraft: Draft = { address: '', name: null, proposed: false };

export type DraftReading = {
  readonly target: TargetReading;
  /** What was found to listen at the target. */
  readonly found: DiscoveredService | null;
  readonly name: string;
  readonly nameError: string | null;
  /** What to ask the agent for; null while something is missing or wrong. */
  readonly request: (Target & { readonly name: string }) | null;
};

/** Two services may have one port, on 127.0.0.1 and on ::1; the one that was named exactly comes first. */
function whatListensAt(target: Target, listening: readonly DiscoveredService[]): DiscoveredService | null {
  const near = listening.filter(({ suggestedTarget }) => isSameTarget(suggestedTarget, target));
  return near.find(({ suggestedTarget }) => suggestedTarget.host === target.host) ?? near[0] ?? null;
}

export function readDraft(
  draft: Draft,
  taken: ReadonlySet<string>,
  listening: readonly DiscoveredService[] = [],
): DraftReading {
  const target = readTarget(draft.address);
  const found = target.kind === 'target' ? whatListensAt(target.target, listening) : null;
  const suggested = found !== null && !taken.has(found.suggestedName) ? found.suggestedName : null;
  const proposed = suggested ?? (target.kind === 'target' ? proposeName(target.target, taken) : '');
  const name = (draft.name ?? proposed).trim();
  const nameError = nameProblem(name, taken);
  const request = target.kind === 'target' && nameError === null ? { ...target.target, name } : null;
  return { target, found, name, nameError, request };
}

/** The draft once a service was picked from the list. */
export function pick(draft: Draft, { suggestedTarget }: DiscoveredService): Draft {
  return { ...draft, address: formatTarget(suggestedTarget), proposed: false };
}

/** The draft after a look at what listens: an address is proposed while the person has given none. */
export function propose(draft: Draft, listening: readonly DiscoveredService[]): Draft {
  if (draft.address !== '' && !draft.proposed) return draft;
  const service = likeliest(listening);
  return service === undefined
    ? { ...draft, address: '', proposed: false }
    : { ...pick(draft, service), proposed: true };
}
