/**
 * How often in a row a probe of a key taught nothing: once says that something is slow, only several times in a row that
 * it is not there.
 */
export type Patience = {
  /** Counts a probe. True if it and those before it taught nothing, and were too many. */
  isExhausted(key: string, probe: { readonly taught: boolean }): boolean;
  forget(key: string): void;
};

/** Probes in a row without an answer that take the word “ready” back. */
const enough = 3;

export function createPatience(): Patience {
  const counts = new Map<string, number>();
  return {
    isExhausted: (key, { taught }) => {
      const count = taught ? 0 : (counts.get(key) ?? 0) + 1;
      if (count === 0) counts.delete(key);
      else counts.set(key, count);
      return count >= enough;
    },
    forget: (key) => {
      counts.delete(key);
    },
  };
}
