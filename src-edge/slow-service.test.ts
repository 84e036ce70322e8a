/** What becomes of a service that accepts requests and takes its time, with an operator that is ten times as quick. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { systemClock } from '#base/clock.ts';
import { kinds } from '#contract/resources/kinds.ts';

import { startTestPlatform, type TestPlatform } from './test-platform.ts';

/** Three unanswered probes take 5 s on an idle machine, and several times that on a busy one. */
const soon = { timeout: 50_000, interval: 20 };
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
/** Milliseconds of the operator in one of ours. */
const haste = 10;

let platform: TestPlatform;
let origin: http.Server;
let answerAfterMs = 0;

beforeAll(async () => {
  platform = await startTestPlatform({
    operatorClock: {
      ...systemClock,
      monotonic: () => systemClock.monotonic() * haste,
      after: (delayMs, run) => systemClock.after(delayMs / haste, run),
    },
  });
  origin = http.createServer((_request, response) => void setTimeout(() => response.end('hello'), answerAfterMs));
  await new Promise<void>((resolve) => {
    origin.listen(0, '127.0.0.1', resolve);
  });
});
afterAll(async () => {
  await platform.close();
  origin.closeAllConnections();
  origin.close();
});

const ready = () => platform.condition('httpProxy', 'shop', 'Ready');

/** Every state of Ready from now until it reads as `last`. */
async function statesUntil(last: RegExp): Promise<readonly string[]> {
  const states: string[] = [];
  await expect
    .poll(async () => {
      const state = await ready();
      if (states.at(-1) !== state) states.push(state);
      return state;
    }, soon)
    .toMatch(last);
  return states;
}

test('a slow answer counts as one', async () => {
  answerAfterMs = 800;
  const agent = await platform.startAgent('laptop');
  await agent.expose('shop', (origin.address() as AddressInfo).port);
  const states = await statesUntil(/^True/);
  expect(states.at(-1)).toBe(
    'True Slow: The service has answered a request through the tunnel, and took more than 5 s for it.',
  );
  expect(states.some((state) => state.includes('OriginTimeout'))).toBe(false);
  answerAfterMs = 0;
  await statesUntil(/^True Ready: /);
});

test('one probe without an answer says slow, several say that the service does not answer', async () => {
  answerAfterMs = 60_000;
  const states = await statesUntil(/^False/);
  expect(states.map((state) => state.split(':')[0])).toEqual(['True Ready', 'True Slow', 'False OriginTimeout']);
  answerAfterMs = 0;
  await statesUntil(/^True Ready: /);
});

test('a service that is waited for can be switched off meanwhile', async () => {
  answerAfterMs = 60_000;
  await statesUntil(/^True Slow/);
  await platform.admin.resource(kinds.connectorAdvertisement).delete({ namespace: 'default', name: 'shop' });
  const states = await statesUntil(/^False SwitchedOff/);
  expect(states.some((state) => state.includes('OriginTimeout'))).toBe(false);
});
