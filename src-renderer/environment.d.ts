/**
 * What the preload puts into the page. Absent in a browser, where the agent is reached over a WebSocket.
 */
import type { AgentBridge } from '#contract/ipc/link-status.ts';

declare global {
  interface Window {
    readonly agent?: AgentBridge;
  }
}
