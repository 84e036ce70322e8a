/**
 * Who is to be asked again when the addon names a handle.
 */
export type Readiness = {
  /** `ask` is called whenever `handle` may have something. Returns the function that takes it off again. */
  when(handle: number, ask: () => void): () => void;
  /** What the addon calls. */
  readonly wake: (handles: readonly number[]) => void;
};

export function createReadiness(): Readiness {
  const asking = new Map<number, () => void>();
  return {
    when: (handle, ask) => {
      asking.set(handle, ask);
      return () => asking.delete(handle);
    },
    wake: (handles) => {
      for (const handle of handles) asking.get(handle)?.();
    },
  };
}
