/**
 * The bridge into the page: `window.agent` with `call` and `watch`, and nothing else of Electron.
 */
import { contextBridge, ipcRenderer } from 'electron';

import type { AgentClient } from '#contract/ipc/contract.ts';

import { channels } from './ipc-channels.ts';

const watches = new Map<number, (item: never) => void>();
let lastId = 0;

// SECURITY: listeners get the item alone; the event would hand the page the way to every channel.
ipcRenderer.on(channels.item, (_event, id: number, item: unknown) => watches.get(id)?.(item as never));

const agent: AgentClient = {
  call: (name, params) => ipcRenderer.invoke(channels.call, name, params),
  watch: (name, listener) => {
    lastId += 1;
    const id = lastId;
    watches.set(id, listener);
    ipcRenderer.send(channels.watch, id, name);
    return () => {
      if (watches.delete(id)) ipcRenderer.send(channels.unwatch, id);
    };
  },
};

contextBridge.exposeInMainWorld('agent', agent);
