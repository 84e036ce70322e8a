/**
 * What is typed into the expose dialog, and what follows from it. Pure.
 */
import { nameProblem, proposeName } from '../../text/service-name.ts';
import { readTarget, type Target, type TargetReading } from '../../text/target.ts';

export type Draft = {
  readonly address: string;
  /** Null until the person edits the name; then it is theirs and no longer proposed. */
  readonly name: string | null;
};

export const emptyDraft: Draft = { address: '', name: null };

export type DraftReading = {
  readonly target: TargetReading;
  readonly name: string;
  readonly nameError: string | null;
  /** What to ask the agent for; null while something is missing or wrong. */
  readonly request: (Target & { readonly name: string }) | null;
};

export function readDraft(draft: Draft, taken: ReadonlySet<string>): DraftReading {
  const target = readTarget(draft.address);
  const proposed = target.kind === 'target' ? proposeName(target.target, taken) : '';
  const name = (draft.name ?? proposed).trim();
  const nameError = nameProblem(name, taken);
  const request = target.kind === 'target' && nameError === null ? { ...target.target, name } : null;
  return { target, name, nameError, request };
}
