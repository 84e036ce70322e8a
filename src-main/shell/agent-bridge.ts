/**
 * Binds the agent's API to one window: checks who asks and what, answers calls, feeds watches, and lets go of
 * everything when the page goes.
 */
import { randomUUID } from 'node:crypto';

import type { IpcMainEvent, IpcMainInvokeEvent, WebContents } from 'electron';

import type { Logger } from '#base/logger.ts';
import { AgentError, problemOf, toAgentError } from '#contract/errors/agent-error.ts';
import type { AgentHandlers, Caller, Envelope } from '#contract/ipc/contract.ts';
import type { LinkStatus } from '#contract/ipc/link-status.ts';

import { answerCall, isWatchName } from '../api/answer-call.ts';
import { isAppUrl } from './app-url.ts';
import { channels } from './ipc-channels.ts';

const maxWatches = 16;
const maxCallsInFlight = 32;

/** The part of a web contents that is used. */
export type BridgedContents = Pick<WebContents, 'ipc' | 'mainFrame' | 'send' | 'isDestroyed' | 'on'>;

/** What one loaded page holds. */
type Page = {
  readonly caller: Caller;
  readonly watches: Map<number, () => void>;
  /** Ends the watch of the line to the agent. */
  stopLink: () => void;
  release(): void;
};

function openPage(): Page {
  const watches = new Map<number, () => void>();
  const releases: (() => void)[] = [];
  let gone = false;
  const page: Page = {
    watches,
    stopLink: () => {},
    caller: {
      id: randomUUID(),
      onGone: (release) => {
        if (gone) release();
        else releases.push(release);
      },
    },
    release: () => {
      gone = true;
      page.stopLink();
      for (const stop of watches.values()) stop();
      watches.clear();
      for (const release of releases.splice(0)) release();
    },
  };
  return page;
}

/** Serves `handlers` to the page in `contents` until it is destroyed. */
export function bridgeAgent(options: {
  readonly contents: BridgedContents;
  readonly handlers: AgentHandlers;
  /** How the line to the agent is: calls back with the present status at once, then after changes. */
  readonly watchLink: (listener: (status: LinkStatus) => void) => () => void;
  readonly log: Logger;
}): void {
  const { contents, handlers, log } = options;
  let page = openPage();
  let callsInFlight = 0;

  /** SECURITY: only the top frame of this very window, and only while it shows the app. */
  const isTrusted = ({ senderFrame }: IpcMainEvent | IpcMainInvokeEvent): boolean => {
    const trusted = senderFrame !== null && senderFrame === contents.mainFrame && isAppUrl(senderFrame.url);
    if (!trusted) log.warn('message of an untrusted frame is refused', { url: senderFrame?.url ?? null });
    return trusted;
  };

  const call = async (name: string, params: unknown): Promise<Envelope<unknown>> => {
    if (callsInFlight >= maxCallsInFlight) {
      return { ok: false, problem: problemOf('SP_INPUT_INVALID', { reason: 'Too many calls at once.' }) };
    }
    callsInFlight += 1;
    try {
      return { ok: true, value: await answerCall(handlers, name, params, page.caller) };
    } catch (thrown) {
      const error = toAgentError(thrown);
      if (error.class === 'bug') log.error('call failed', { call: name, error });
      return { ok: false, problem: error.problem };
    } finally {
      callsInFlight -= 1;
    }
  };

  const watch = (id: unknown, name: unknown): void => {
    const { watches } = page;
    const isAllowed =
      typeof id === 'number' && typeof name === 'string' && !watches.has(id) && watches.size < maxWatches;
    if (!isAllowed || !isWatchName(name)) {
      log.warn('watch is refused', { watch: String(name) });
      return;
    }
    const source = handlers.watches[name] as (listener: (item: unknown) => void) => () => void;
    const stop = source((item) => {
      if (!contents.isDestroyed()) contents.send(channels.item, id, item);
    });
    watches.set(id, stop);
  };

  contents.ipc.handle(channels.call, (event, name: unknown, params: unknown) => {
    // A rejection is all that a foreign frame learns.
    if (!isTrusted(event)) throw new AgentError('SP_INPUT_INVALID', { reason: 'Not allowed from here.' });
    return call(typeof name === 'string' ? name : '', params);
  });
  contents.ipc.on(channels.watch, (event, id: unknown, name: unknown) => {
    if (isTrusted(event)) watch(id, name);
  });
  contents.ipc.on(channels.watchLink, (event) => {
    if (!isTrusted(event)) return;
    page.stopLink();
    page.stopLink = options.watchLink((status) => {
      if (!contents.isDestroyed()) contents.send(channels.link, status);
    });
  });
  contents.ipc.on(channels.unwatch, (event, id: unknown) => {
    if (!isTrusted(event) || typeof id !== 'number') return;
    page.watches.get(id)?.();
    page.watches.delete(id);
  });

  const turnPage = (): void => {
    page.release();
    page = openPage();
  };
  contents.on('did-start-navigation', ({ isMainFrame, isSameDocument }) => {
    if (isMainFrame && !isSameDocument) turnPage();
  });
  contents.on('render-process-gone', turnPage);
  contents.on('destroyed', () => page.release());
}
