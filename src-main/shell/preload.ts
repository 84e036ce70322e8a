/**
 * The bridge into the page: `window.agent` with `call`, `watch` and `watchLink`, and nothing else of Electron.
 */
import { contextBridge, ipcRenderer } from 'electron';

import type { AgentBridge, LinkStatus } from '#contract/ipc/link-status.ts';

import { channels } from './ipc-channels.ts';

const watches = new Map<number, (item: never) => void>();
let lastId = 0;

// SECURITY: listeners get the item alone; the event would hand the page the way to every channel.
ipcRenderer.on(channels.item, (_event, id: number, item: unknown) => watches.get(id)?.(item as never));

const linkListeners = new Set<(status: LinkStatus) => void>();
let lastLink: LinkStatus = { phase: 'opening' };
let linkIsWatched = false;

ipcRenderer.on(channels.link, (_event, status: LinkStatus) => {
  lastLink = status;
  for (const listener of linkListeners) listener(status);
});

const agent: AgentBridge = {
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
  watchLink: (listener) => {
    linkListeners.add(listener);
    listener(lastLink);
    if (!linkIsWatched) ipcRenderer.send(channels.watchLink);
    linkIsWatched = true;
    return () => linkListeners.delete(listener);
  },
};

contextBridge.exposeInMainWorld('agent', agent);
