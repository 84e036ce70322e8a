/**
 * Those who wait until the peer allows another stream: first come, first served.
 */
export type Openings<T> = {
  /** Rejects with the signal's reason, or with what `fail` is given. */
  request(signal: AbortSignal | undefined): Promise<T>;
  /** To be called when `open` may have one again. */
  serve(): void;
  fail(error: Error): void;
};

/** `open` gives null while the peer allows no more. */
export function createOpenings<T>(open: () => T | null): Openings<T> {
  type Waiting = { readonly resolve: (stream: T) => void; readonly reject: (error: unknown) => void };
  const waiting = new Set<Waiting>();
  const serve = (): void => {
    for (const next of waiting) {
      const stream = open();
      if (stream === null) return;
      waiting.delete(next);
      next.resolve(stream);
    }
  };
  return {
    serve,
    fail: (error) => {
      for (const next of waiting) next.reject(error);
      waiting.clear();
    },
    request: (signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const entry: Waiting = {
          resolve: (stream) => {
            signal?.removeEventListener('abort', onAbort);
            resolve(stream);
          },
          reject: (error) => {
            signal?.removeEventListener('abort', onAbort);
            reject(error);
          },
        };
        const onAbort = (): void => {
          waiting.delete(entry);
          reject(signal?.reason);
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        waiting.add(entry);
        serve();
      }),
  };
}
