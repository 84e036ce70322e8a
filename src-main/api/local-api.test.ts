/**
 * The API over a real local socket: what comes through, what is refused, and what is let go of.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';

import { systemClock } from '#base/clock.ts';
import { silentLogger } from '#base/logger.ts';
import type { AgentState } from '#contract/agent-state.ts';

import { endpointPath, type EndpointLocation } from '../local-endpoint/endpoint-path.ts';
import { createFakeHandlers, emptyAgentState, type FakeHandlers } from '../testing/fake-handlers.ts';
import { connectAgent, type AgentConnection } from './agent-client.ts';
import { attachToRunningAgent } from './attached-agent.ts';
import { openLocalServer, type LocalServer } from './local-server.ts';

let location: EndpointLocation;
let server: LocalServer;
let fake: FakeHandlers;
const environment = { clock: systemClock, log: silentLogger };

beforeEach(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sp-api-'));
  location = { directory, name: 'agent', platform: process.platform, temporaryDirectory: directory, uid: -1 };
  fake = createFakeHandlers();
  const opened = await openLocalServer({ location, ...environment });
  if (opened === null) throw new Error('the socket is taken');
  server = opened;
});
afterEach(async () => {
  await server.close();
  await rm(location.directory, { recursive: true, force: true });
});

async function connect(): Promise<AgentConnection> {
  const connection = await connectAgent(endpointPath(location), systemClock);
  if (connection === null) throw new Error('no agent');
  return connection;
}

/** A raw client, for messages that ours would never send. */
async function connectRaw(): Promise<{ socket: WebSocket; messages: { id: number; type: string }[] }> {
  const socket = new WebSocket('ws://localhost/agent', {
    createConnection: () => createConnection({ path: endpointPath(location) }),
  });
  const messages: { id: number; type: string }[] = [];
  socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString('utf8'))));
  await new Promise((resolve) => socket.once('open', resolve));
  return { socket, messages };
}

const closed = (socket: WebSocket): Promise<number> =>
  new Promise((resolve) => socket.once('close', (code) => resolve(code)));

it('answers calls with their value or their problem', async () => {
  server.serve(fake.handlers);
  const connection = await connect();
  const { client } = connection;
  expect(await client.call('state.get', {})).toEqual({ ok: true, value: emptyAgentState });
  expect(await client.call('service.delete', { name: 'demo' })).toMatchObject({
    ok: false,
    problem: { code: 'SP_SERVICE_NOT_FOUND', title: 'There is no service “demo”' },
  });
  connection.close();
});

it('keeps clients waiting that come before the agent is ready', async () => {
  const connecting = connect();
  server.serve(fake.handlers);
  const connection = await connecting;
  const { client } = connection;
  expect((await client.call('state.get', {})).ok).toBe(true);
  connection.close();
});

it('refuses params that the contract does not allow, before any handler sees them', async () => {
  server.serve(fake.handlers);
  const { socket, messages } = await connectRaw();
  const bad = [
    { name: 'service.expose', params: { name: 'demo', host: 'localhost', port: 70_000 } },
    { name: 'service.expose', params: { name: 'demo', host: 'localhost', port: 3000, extra: 1 } },
    { name: 'service.expose', params: null },
    { name: 'toString', params: {} },
    { name: '__proto__', params: {} },
  ];
  bad.forEach((call, id) => socket.send(JSON.stringify({ type: 'call', id, ...call })));
  socket.send(JSON.stringify({ type: 'watch', id: 90, name: 'constructor' }));
  await vi.waitFor(() => expect(messages).toHaveLength(bad.length + 1));
  expect(messages.map(({ type }) => type)).toEqual(messages.map(() => 'problem'));
  expect(fake.calls).toEqual([]);
  socket.close();
});

it.each([
  ['not JSON', 'hello', 1008],
  ['an unknown message', JSON.stringify({ type: 'shout', id: 1 }), 1008],
  ['a binary message', Buffer.from([1, 2, 3]), 1003],
  ['a message beyond the limit', 'x'.repeat(70_000), 1009],
])('closes the connection on %s', async (_, message, code) => {
  server.serve(fake.handlers);
  const { socket } = await connectRaw();
  const ended = closed(socket);
  socket.send(message);
  expect(await ended).toBe(code);
});

it('limits calls in flight and watches of one client', async () => {
  server.serve(fake.handlers);
  const { socket, messages } = await connectRaw();
  for (let id = 0; id < 40; id += 1) {
    const params = { name: 'demo', enabled: true };
    socket.send(JSON.stringify({ type: 'call', id, name: 'service.setEnabled', params }));
  }
  await vi.waitFor(() => expect(messages.filter(({ type }) => type === 'problem')).toHaveLength(8));
  for (let id = 100; id < 120; id += 1) socket.send(JSON.stringify({ type: 'watch', id, name: 'state.watch' }));
  await vi.waitFor(() => expect(messages.filter(({ type }) => type === 'problem')).toHaveLength(12));
  expect(fake.watchers()).toBe(16);
  socket.close();
});

it('ends watches and releases what a client held when it goes away', async () => {
  server.serve(fake.handlers);
  const connection = await connect();
  const { client } = connection;
  const seen: AgentState[] = [];
  client.watch('state.watch', (state) => seen.push(state));
  await client.call('service.expose', { name: 'demo', host: 'localhost', port: 3000, ephemeral: true });
  await vi.waitFor(() => expect(seen).toHaveLength(1));
  fake.states.emit({ ...emptyAgentState, revision: 2 });
  await vi.waitFor(() => expect(seen.map(({ revision }) => revision)).toEqual([1, 2]));
  expect(fake.gone).toEqual([]);
  connection.close();
  await vi.waitFor(() => expect(fake.gone).toEqual(['service.expose']));
  expect(fake.watchers()).toBe(0);
});

it('cuts off a client that does not read', async () => {
  server.serve(fake.handlers);
  const { socket } = await connectRaw();
  socket.send(JSON.stringify({ type: 'watch', id: 1, name: 'state.watch' }));
  await vi.waitFor(() => expect(fake.watchers()).toBe(1));
  socket.pause();
  const big = { ...emptyAgentState, agent: { ...emptyAgentState.agent, version: 'x'.repeat(1_000_000) } };
  await vi.waitFor(
    () => {
      fake.states.emit(big);
      expect(fake.watchers()).toBe(0);
    },
    { timeout: 5000, interval: 10 },
  );
  socket.terminate();
});

it('forwards an attached agent’s answers with their codes, and says when it ends', async () => {
  server.serve(fake.handlers);
  const attached = await attachToRunningAgent(location, systemClock);
  const caller = { id: 'test', onGone: () => {} };
  expect(attached?.pid).toBe(emptyAgentState.agent.pid);
  await expect(attached?.handlers.calls['service.delete']({ name: 'demo' }, caller)).rejects.toMatchObject({
    code: 'SP_SERVICE_NOT_FOUND',
    problem: { title: 'There is no service “demo”' },
  });
  const ended = new Promise<void>((resolve) => attached?.onClosed(resolve));
  await server.close();
  await ended;
  await expect(attached?.handlers.calls['state.get']({}, caller)).rejects.toMatchObject({
    code: 'SP_AGENT_CONNECTION_LOST',
  });
});

it('finds no agent where none listens', async () => {
  expect(await attachToRunningAgent({ ...location, name: 'nobody' }, systemClock)).toBeNull();
});
