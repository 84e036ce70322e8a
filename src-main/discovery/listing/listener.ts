/**
 * A listening TCP socket as the operating system tells of it, before anybody has spoken to it.
 */

export type Listener = {
  /** Numeric; `0.0.0.0` and `::` mean every address. */
  readonly address: string;
  readonly port: number;
  /** The oldest process that has it open; null if the system does not tell. */
  readonly pid: number | null;
  /** Name of that process's program; null if the system does not tell. */
  readonly process: string | null;
  /** Its working directory; null if the system does not tell. */
  readonly directory: string | null;
};

/** How a system lists what listens: all of it, in any order. Rejects with the reason if it cannot. */
export type ListListeners = (signal: AbortSignal) => Promise<readonly Listener[]>;
