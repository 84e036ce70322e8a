/**
 * Stand-ins for the few parts of Electron that the shell is handed: they keep what was registered, so that a test can
 * play the other side.
 */
import { EventEmitter } from 'node:events';

import type { IpcMainInvokeEvent, WebFrameMain } from 'electron';

import type { BridgedContents } from '../agent-bridge.ts';

type Handler = (event: IpcMainInvokeEvent, ...args: unknown[]) => unknown;

export type FakeContents = {
  readonly contents: BridgedContents;
  readonly mainFrame: WebFrameMain;
  /** What was sent to the page. */
  readonly sent: { readonly channel: string; readonly args: readonly unknown[] }[];
  invoke(frame: WebFrameMain | null, channel: string, ...args: unknown[]): Promise<unknown>;
  post(frame: WebFrameMain | null, channel: string, ...args: unknown[]): void;
  emit(event: string, ...args: unknown[]): void;
};

export function frameAt(url: string): WebFrameMain {
  return { url } as WebFrameMain;
}

export function createFakeContents(url: string): FakeContents {
  const events = new EventEmitter();
  const ipc = new EventEmitter();
  const handlers = new Map<string, Handler>();
  const mainFrame = frameAt(url);
  const sent: { channel: string; args: unknown[] }[] = [];
  const contents = {
    mainFrame,
    ipc: {
      handle: (channel: string, handler: Handler) => handlers.set(channel, handler),
      on: (channel: string, listener: (...args: unknown[]) => void) => ipc.on(channel, listener),
    },
    send: (channel: string, ...args: unknown[]) => sent.push({ channel, args }),
    isDestroyed: () => false,
    on: (event: string, listener: (...args: unknown[]) => void) => events.on(event, listener),
  };
  return {
    contents: contents as unknown as BridgedContents,
    mainFrame,
    sent,
    invoke: async (frame, channel, ...args) =>
      handlers.get(channel)?.({ senderFrame: frame } as IpcMainInvokeEvent, ...args),
    post: (frame, channel, ...args) => void ipc.emit(channel, { senderFrame: frame }, ...args),
    emit: (event, ...args) => void events.emit(event, ...args),
  };
}
