/**
 * The renderer's line to the agent: the contract's client and whether the line stands.
 */
import type { AgentClient } from '#contract/ipc/contract.ts';

/**
 * opening: never stood yet. open: stands. lost: stood or was tried, and does not; `retryAtMs` (milliseconds since the
 * Unix epoch) is when it is tried again, null while it is being tried.
 */
export type LinkStatus =
  | { readonly phase: 'opening' }
  | { readonly phase: 'open' }
  | { readonly phase: 'lost'; readonly sinceMs: number; readonly retryAtMs: number | null };

export type AgentLink = {
  readonly client: AgentClient;
  /** `listener` gets the present status first. Returns the function that ends the watch. */
  watchStatus(listener: (status: LinkStatus) => void): () => void;
  close(): void;
};
