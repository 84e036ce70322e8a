/**
 * Whether a window's line to its agent stands, and what the app's own page is given to reach it.
 */
import type { Problem } from '../errors/agent-error.ts';
import type { AgentClient } from './contract.ts';

/**
 * opening: never stood yet. open: stands. lost: stood or was tried, and does not; `retryAtMs` (milliseconds since the
 * Unix epoch) is when it is tried again, null while it is being tried; `problem` is why the last attempt failed, where
 * that is known.
 */
export type LinkStatus =
  | { readonly phase: 'opening' }
  | { readonly phase: 'open' }
  | {
      readonly phase: 'lost';
      readonly sinceMs: number;
      readonly retryAtMs: number | null;
      readonly problem: Problem | null;
    };

/** `window.agent` in the app: the contract's client and the state of the line behind it. */
export type AgentBridge = AgentClient & {
  /** `listener` gets the present status first. Returns the function that ends the watch. */
  watchLink(listener: (status: LinkStatus) => void): () => void;
};
