import { describe, expect, test } from 'vitest';

import { createListeners } from '#base/listeners.ts';
import { silentLogger } from '#base/logger.ts';
import type { LinkStatus } from '#contract/ipc/link-status.ts';

import { createFakeHandlers, emptyAgentState } from '../testing/fake-handlers.ts';
import { bridgeAgent } from './agent-bridge.ts';
import { appUrl } from './app-url.ts';
import { channels } from './ipc-channels.ts';
import { createFakeContents, frameAt } from './testing/fake-electron.ts';

function bridged(url = appUrl) {
  const agent = createFakeHandlers();
  const page = createFakeContents(url);
  const links = createListeners<LinkStatus>();
  let linkWatchers = 0;
  bridgeAgent({
    contents: page.contents,
    handlers: agent.handlers,
    watchLink: (listener) => {
      linkWatchers += 1;
      listener({ phase: 'open' });
      const stop = links.add(listener);
      return () => {
        linkWatchers -= 1;
        stop();
      };
    },
    log: silentLogger,
  });
  return { agent, page, links, linkWatchers: () => linkWatchers };
}

describe('a call from the page', () => {
  test('is answered in an envelope', async () => {
    const { agent, page } = bridged();
    const params = { name: 'demo', host: '127.0.0.1', port: 3000 };
    expect(await page.invoke(page.mainFrame, channels.call, 'service.expose', params)).toEqual({
      ok: true,
      value: null,
    });
    expect(agent.calls).toEqual([{ name: 'service.expose', params }]);
  });

  test.each([
    ['an unknown name', 'nope', {}],
    ['an inherited name', 'constructor', {}],
    ['a name that is no text', ['state.get'], {}],
    ['params beyond the schema', 'service.delete', { name: 'demo', extra: 1 }],
    ['a port that is none', 'service.expose', { name: 'demo', host: 'localhost', port: 0 }],
  ])('with %s is refused with a code', async (_what, name, params) => {
    const { agent, page } = bridged();
    const answer = await page.invoke(page.mainFrame, channels.call, name, params);
    expect(answer).toMatchObject({ ok: false, problem: { code: 'SP_INPUT_INVALID' } });
    expect(agent.calls).toEqual([]);
  });

  test('that fails carries the code of the failure', async () => {
    const { page } = bridged();
    const answer = await page.invoke(page.mainFrame, channels.call, 'service.delete', { name: 'demo' });
    expect(answer).toMatchObject({ ok: false, problem: { code: 'SP_SERVICE_NOT_FOUND' } });
  });

  test('is refused when too many are in flight', async () => {
    const { page } = bridged();
    const params = { name: 'demo', enabled: true };
    for (let i = 0; i < 32; i += 1) void page.invoke(page.mainFrame, channels.call, 'service.setEnabled', params);
    const answer = await page.invoke(page.mainFrame, channels.call, 'state.get', {});
    expect(answer).toMatchObject({ ok: false, problem: { code: 'SP_INPUT_INVALID' } });
  });
});

describe('anybody else', () => {
  test.each([
    ['a frame inside the page', () => frameAt(appUrl)],
    ['a frame that is gone', () => null],
  ])('%s is not answered', async (_what, frame) => {
    const { agent, page } = bridged();
    await expect(page.invoke(frame(), channels.call, 'controlPlane.usePlayground', {})).rejects.toThrow();
    page.post(frame(), channels.watch, 1, 'state.watch');
    expect(agent.calls).toEqual([]);
    expect(agent.watchers()).toBe(0);
  });

  test.each(['https://example.com/', 'app://other/index.html', 'file:///etc/passwd', 'about:blank'])(
    'the main frame at %s is not answered',
    async (url) => {
      const { agent, page, linkWatchers } = bridged(url);
      await expect(page.invoke(page.mainFrame, channels.call, 'state.get', {})).rejects.toThrow();
      page.post(page.mainFrame, channels.watch, 1, 'state.watch');
      page.post(page.mainFrame, channels.watchLink);
      expect([agent.watchers(), linkWatchers()]).toEqual([0, 0]);
    },
  );
});

describe('a watch', () => {
  test('sends the whole state first, and what comes after', () => {
    const { agent, page } = bridged();
    page.post(page.mainFrame, channels.watch, 7, 'state.watch');
    agent.states.emit({ ...emptyAgentState, revision: 2 });
    expect(page.sent.map(({ args }) => args)).toEqual([
      [7, emptyAgentState],
      [7, { ...emptyAgentState, revision: 2 }],
    ]);
  });

  test('ends when the page says so', () => {
    const { agent, page } = bridged();
    page.post(page.mainFrame, channels.watch, 7, 'state.watch');
    page.post(page.mainFrame, channels.unwatch, 7);
    expect(agent.watchers()).toBe(0);
  });

  test('cannot be opened without end, twice under one id, or by an inherited name', () => {
    const { agent, page } = bridged();
    for (const id of [1, 1, 'x', null]) page.post(page.mainFrame, channels.watch, id, 'state.watch');
    page.post(page.mainFrame, channels.watch, 2, 'constructor');
    expect(agent.watchers()).toBe(1);
    for (let id = 10; id < 60; id += 1) page.post(page.mainFrame, channels.watch, id, 'state.watch');
    expect(agent.watchers()).toBe(16);
  });

  test.each([
    ['is reloaded', 'did-start-navigation', { isMainFrame: true, isSameDocument: false }],
    ['crashes', 'render-process-gone', {}],
    ['is closed', 'destroyed', {}],
  ])('and what was held end when the page %s', async (_what, event, details) => {
    const { agent, page } = bridged();
    page.post(page.mainFrame, channels.watch, 7, 'state.watch');
    await page.invoke(page.mainFrame, channels.call, 'controlPlane.usePlayground', {});
    page.emit(event, details);
    expect(agent.watchers()).toBe(0);
    expect(agent.gone).toEqual(['controlPlane.usePlayground']);
  });

  test('goes on when only the address within the page changes', () => {
    const { agent, page } = bridged();
    page.post(page.mainFrame, channels.watch, 7, 'state.watch');
    page.emit('did-start-navigation', { isMainFrame: true, isSameDocument: true });
    expect(agent.watchers()).toBe(1);
  });
});

describe('the line to the agent', () => {
  const lost: LinkStatus = { phase: 'lost', sinceMs: 1, retryAtMs: null, problem: null };

  test('is told as it is, and as it becomes', () => {
    const { page, links } = bridged();
    page.post(page.mainFrame, channels.watchLink);
    links.emit(lost);
    expect(page.sent).toEqual([
      { channel: channels.link, args: [{ phase: 'open' }] },
      { channel: channels.link, args: [lost] },
    ]);
  });

  test('is told once, however often a page asks, and no more after the page', () => {
    const { page, linkWatchers } = bridged();
    page.post(page.mainFrame, channels.watchLink);
    page.post(page.mainFrame, channels.watchLink);
    expect(linkWatchers()).toBe(1);
    page.emit('render-process-gone', {});
    expect(linkWatchers()).toBe(0);
  });
});
