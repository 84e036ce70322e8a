/**
 * The renderer's line to the agent: the contract's client, whether the line stands, and what can be done when it does not.
 */
import type { AgentClient } from '#contract/ipc/contract.ts';
import type { LinkStatus } from '#contract/ipc/link-status.ts';

export type AgentLink = {
  /** app: this application runs the agent, or can. browser: somebody else runs it. */
  readonly host: 'app' | 'browser';
  readonly client: AgentClient;
  /** `listener` gets the present status first. Returns the function that ends the watch. */
  watchStatus(listener: (status: LinkStatus) => void): () => void;
  /** While the line is lost: tries now what would be tried later. */
  retryNow(): void;
  close(): void;
};
