/**
 * When a key is looked at again without an event: quickly while something is about to change, slowly when it is settled.
 */
import { createBackoff, type Backoff } from '#base/backoff.ts';

export type Pace = {
  /**
   * Milliseconds until the next look. `state` names what was found; quick looks start over when it changes.
   */
  next(key: string, found: { readonly state: string; readonly settled: boolean }): number;
  forget(key: string): void;
};

const quick = { firstMs: 100, capMs: 2000 } as const;
/** A tunnel that broke shows in no resource; this is how long a condition may lag behind it. */
const settledMs = 15_000;

export function createPace(random: () => number): Pace {
  const waiting = new Map<string, { readonly state: string; readonly backoff: Backoff }>();
  return {
    next: (key, { state, settled }) => {
      if (settled) {
        waiting.delete(key);
        return settledMs;
      }
      let entry = waiting.get(key);
      if (entry?.state !== state) {
        entry = { state, backoff: createBackoff({ ...quick, random }) };
        waiting.set(key, entry);
      }
      return entry.backoff.next();
    },
    forget: (key) => {
      waiting.delete(key);
    },
  };
}
