import { expect, test, vi } from 'vitest';

import { systemClock } from '#base/clock.ts';
import { createManualClock } from '#base/manual-clock.ts';
import { createListeners } from '#base/listeners.ts';
import { silentLogger } from '#base/logger.ts';
import type { AgentState } from '#contract/agent-state.ts';
import { AgentError } from '#contract/errors/agent-error.ts';
import type { Caller } from '#contract/ipc/contract.ts';
import type { LinkStatus } from '#contract/ipc/link-status.ts';

import type { OpenedAgent } from '../agent/open-agent.ts';
import { createFakeHandlers, emptyAgentState } from '../testing/fake-handlers.ts';
import { createSteadyAgent, type SteadyAgent } from './steady-agent.ts';

const caller: Caller = { id: 'test', onGone: () => {} };

function fakeAgent(kind: OpenedAgent['kind'], pid: number) {
  const fake = createFakeHandlers();
  const closed = createListeners<void>();
  const closes: unknown[] = [];
  const opened: OpenedAgent = {
    kind,
    pid,
    handlers: fake.handlers,
    onClosed: (listener) => closed.add(listener),
    close: (options) => {
      closes.push(options);
      return Promise.resolve();
    },
  };
  return { ...fake, opened, closes, end: () => closed.emit() };
}

function steady(open: () => Promise<OpenedAgent>, onFailure: (error: unknown) => void = () => {}): SteadyAgent {
  return createSteadyAgent({ open, onFailure, clock: systemClock, log: silentLogger });
}

test('calls and watches that come before the agent wait for it', async () => {
  const only = fakeAgent('own', 1);
  let arrive = (_agent: OpenedAgent): void => {};
  const agent = steady(() => new Promise((resolve) => (arrive = resolve)));
  const states: AgentState[] = [];
  agent.handlers.watches['state.watch']((state) => states.push(state));
  const answer = agent.handlers.calls['state.get']({}, caller);
  expect(states).toEqual([]);
  arrive(only.opened);
  expect(await answer).toEqual(emptyAgentState);
  expect(states).toEqual([emptyAgentState]);
});

test('a watch goes on with the next agent when an attached one ends', async () => {
  const [first, second] = [fakeAgent('attached', 1), fakeAgent('own', 2)];
  const agents = [first.opened, second.opened];
  const agent = steady(() => {
    const next = agents.shift();
    return next === undefined ? Promise.reject(new Error('no more')) : Promise.resolve(next);
  });
  await agent.opened;
  const states: AgentState[] = [];
  const stop = agent.handlers.watches['state.watch']((state) => states.push(state));
  first.end();
  await vi.waitFor(() => expect(second.watchers()).toBe(1));
  expect(first.watchers()).toBe(0);
  second.states.emit({ ...emptyAgentState, revision: 5 });
  expect(states.map(({ revision }) => revision)).toEqual([1, 1, 5]);
  await agent.handlers.calls['controlPlane.usePlayground']({}, caller);
  expect(second.calls).toHaveLength(1);
  stop();
  expect(second.watchers()).toBe(0);
});

test('an agent that cannot be opened again is reported', async () => {
  const first = fakeAgent('attached', 1);
  const failures: unknown[] = [];
  let attempts = 0;
  const agent = steady(
    () => {
      attempts += 1;
      return attempts === 1 ? Promise.resolve(first.opened) : Promise.reject(new Error('no socket'));
    },
    (error) => failures.push(error),
  );
  await agent.opened;
  first.end();
  await vi.waitFor(() => expect(failures).toHaveLength(1));
  await agent.close();
});

test('the window is told how the agent gets on, and can have the next attempt at once', async () => {
  const [first, second] = [fakeAgent('attached', 1), fakeAgent('own', 2)];
  const clock = createManualClock();
  const outcomes: (() => Promise<OpenedAgent>)[] = [
    () => Promise.resolve(first.opened),
    () => Promise.reject(new AgentError('SP_STATE_NOT_SAVED', { reason: 'The disk is full.' })),
    () => Promise.resolve(second.opened),
  ];
  const agent = createSteadyAgent({
    open: () => outcomes.shift()?.() ?? Promise.reject(new Error('no more')),
    onFailure: () => {},
    clock,
    log: silentLogger,
  });
  const seen: LinkStatus[] = [];
  agent.watchLink((status) => seen.push(status));
  await agent.opened;
  first.end();
  const sinceMs = clock.now();
  await vi.waitFor(() => expect(seen.at(-1)).toMatchObject({ phase: 'lost', retryAtMs: sinceMs + 2000 }));
  expect(seen.at(-1)).toMatchObject({ sinceMs, problem: { code: 'SP_STATE_NOT_SAVED' } });

  await agent.handlers.calls['agent.retryNow']({}, caller);
  await vi.waitFor(() => expect(seen.at(-1)).toEqual({ phase: 'open' }));
  expect(seen.map(({ phase }) => phase)).toEqual(['opening', 'open', 'lost', 'lost', 'lost', 'open']);
  expect(clock.pending).toBe(0);
  await agent.close();
});

test('closing ends the agent that answers, and withdraws what clients held', async () => {
  const only = fakeAgent('own', 1);
  const agent = steady(() => Promise.resolve(only.opened));
  await agent.close();
  expect(only.closes).toEqual([{ withdraw: 'ephemeral' }]);
});

test('closing while the first agent is still opening waits for it and ends it', async () => {
  const only = fakeAgent('own', 1);
  let arrive = (_agent: OpenedAgent): void => {};
  const agent = steady(() => new Promise((resolve) => (arrive = resolve)));
  const closed = agent.close();
  arrive(only.opened);
  await closed;
  expect(only.closes).toHaveLength(1);
});
