/**
 * What the preload puts into the page. Absent in a browser, where the agent is reached over a WebSocket.
 */
import type { AgentClient } from '#contract/ipc/contract.ts';

declare global {
  interface Window {
    readonly agent?: AgentClient;
  }
}
