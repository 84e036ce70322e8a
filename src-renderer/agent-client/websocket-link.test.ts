import type { AddressInfo } from 'node:net';

import { afterEach, expect, it, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';

import type { LinkStatus } from '#contract/ipc/link-status.ts';
import type { ClientMessage, ServerMessage } from '#contract/ipc/websocket-messages.ts';

import type { AgentLink } from './agent-link.ts';
import { createWebSocketLink } from './websocket-link.ts';

type Agent = {
  readonly port: number;
  readonly received: ClientMessage[];
  send(message: ServerMessage | string): void;
  /** Ends every connection and stops listening. */
  stop(): Promise<void>;
};

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function startAgent(port = 0, answer?: (message: ClientMessage) => ServerMessage | null): Promise<Agent> {
  const server = new WebSocketServer({ host: '127.0.0.1', port });
  await new Promise((resolve) => server.once('listening', resolve));
  const received: ClientMessage[] = [];
  server.on('connection', (socket) => {
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as ClientMessage;
      received.push(message);
      const reply = answer?.(message) ?? null;
      if (reply !== null) socket.send(JSON.stringify(reply));
    });
  });
  let stopped = false;
  const agent: Agent = {
    port: (server.address() as AddressInfo).port,
    received,
    send: (message) => {
      const text = typeof message === 'string' ? message : JSON.stringify(message);
      for (const socket of server.clients) socket.send(text);
    },
    stop: async () => {
      if (stopped) return;
      stopped = true;
      for (const socket of server.clients) socket.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  cleanups.push(() => agent.stop());
  return agent;
}

function connect(
  port: number,
  options: { readonly callTimeoutMs?: number } = {},
): { link: AgentLink; log: LinkStatus[] } {
  const log: LinkStatus[] = [];
  const link = createWebSocketLink({
    connect: () => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/agent`);
      // In a browser an error is always followed by `close`; ws would throw it.
      socket.on('error', () => {});
      return socket;
    },
    now: () => Date.now(),
    random: () => 0,
    after: (delayMs, run) => {
      const timer = setTimeout(run, delayMs);
      return () => clearTimeout(timer);
    },
    ...options,
  });
  cleanups.push(() => link.close());
  link.watchStatus((status) => log.push(status));
  return { link, log };
}

const phase = (log: readonly LinkStatus[]): string | undefined => log.at(-1)?.phase;

it('brings answers and problems back to their calls, in any order', async () => {
  const agent = await startAgent();
  const { link, log } = connect(agent.port);
  await vi.waitFor(() => expect(phase(log)).toBe('open'));
  const first = link.client.call('service.delete', { name: 'a' });
  const second = link.client.call('service.setEnabled', { name: 'b', enabled: true });
  await vi.waitFor(() => expect(agent.received).toHaveLength(2));
  const [a, b] = agent.received;
  const problem = { code: 'SP_SERVICE_NOT_FOUND', title: 't', detail: 'd', action: 'x' } as const;
  agent.send({ type: 'problem', id: b?.id ?? -1, problem });
  agent.send({ type: 'result', id: a?.id ?? -1, value: null });
  expect(await second).toEqual({ ok: false, problem });
  expect(await first).toEqual({ ok: true, value: null });
  expect(a).toMatchObject({ type: 'call', name: 'service.delete', params: { name: 'a' } });
});

it('watches from before the connection stands, and ends a watch at the agent', async () => {
  const agent = await startAgent(0, (message) =>
    message.type === 'watch' ? { type: 'item', id: message.id, item: [{ atMs: 1 }] } : null,
  );
  const { link } = connect(agent.port);
  const items: unknown[] = [];
  const stop = link.client.watch('traffic.watch', (item) => items.push(item));
  await vi.waitFor(() => expect(items).toEqual([[{ atMs: 1 }]]));
  stop();
  await vi.waitFor(() => expect(agent.received.at(-1)).toEqual({ type: 'unwatch', id: agent.received[0]?.id }));
});

it('comes back after the agent was away, and takes its watches up again', async () => {
  const first = await startAgent();
  const { link, log } = connect(first.port);
  const items: unknown[] = [];
  link.client.watch('state.watch', (item) => items.push(item));
  await vi.waitFor(() => expect(first.received).toHaveLength(1));
  await first.stop();
  await vi.waitFor(() => expect(phase(log)).toBe('lost'));
  const since = log.find((status) => status.phase === 'lost')?.sinceMs;

  await startAgent(first.port, (message) =>
    message.type === 'watch' ? { type: 'item', id: message.id, item: { revision: 1 } } : null,
  );
  await vi.waitFor(() => expect(items).toEqual([{ revision: 1 }]), { timeout: 10_000 });
  expect(phase(log)).toBe('open');
  const losses = log.filter((status) => status.phase === 'lost');
  expect(losses.every((status) => status.sinceMs === since)).toBe(true);
});

it('answers calls in flight when the connection breaks, and does not send them again', async () => {
  const agent = await startAgent();
  const { link, log } = connect(agent.port);
  await vi.waitFor(() => expect(phase(log)).toBe('open'));
  const call = link.client.call('service.delete', { name: 'a' });
  await vi.waitFor(() => expect(agent.received).toHaveLength(1));
  await agent.stop();
  expect(await call).toMatchObject({ ok: false, problem: { code: 'SP_AGENT_CONNECTION_LOST' } });

  const again = await startAgent(agent.port);
  await vi.waitFor(() => expect(phase(log)).toBe('open'), { timeout: 10_000 });
  const next = link.client.call('state.get', {});
  await vi.waitFor(() => expect(again.received).toHaveLength(1));
  expect(again.received[0]).toMatchObject({ name: 'state.get' });
  await again.stop();
  await next;
});

it('refuses calls while there is no connection', async () => {
  const agent = await startAgent();
  await agent.stop();
  const { link, log } = connect(agent.port);
  await vi.waitFor(() => expect(phase(log)).toBe('lost'));
  expect(await link.client.call('state.get', {})).toMatchObject({ ok: false });
});

it('gives up on a call that is never answered', async () => {
  const agent = await startAgent();
  const { link, log } = connect(agent.port, { callTimeoutMs: 30 });
  await vi.waitFor(() => expect(phase(log)).toBe('open'));
  expect(await link.client.call('state.get', {})).toMatchObject({ problem: { code: 'SP_AGENT_CONNECTION_LOST' } });
});

it('outlives frames that make no sense', async () => {
  const agent = await startAgent();
  const { link, log } = connect(agent.port);
  await vi.waitFor(() => expect(phase(log)).toBe('open'));
  for (const text of ['', 'null', '[]', '{"type":"item"}', '{"type":"other","id":1}', '{"type":"item","id":99}']) {
    agent.send(text);
  }
  const call = link.client.call('state.get', {});
  await vi.waitFor(() => expect(agent.received).toHaveLength(1));
  agent.send({ type: 'result', id: agent.received[0]?.id ?? -1, value: { revision: 1 } });
  expect(await call).toEqual({ ok: true, value: { revision: 1 } });
});

it('stays closed once closed', async () => {
  const agent = await startAgent();
  const { link, log } = connect(agent.port);
  await vi.waitFor(() => expect(phase(log)).toBe('open'));
  link.close();
  await agent.stop();
  const seen = log.length;
  const probe = connect(agent.port);
  await vi.waitFor(() => expect(phase(probe.log)).toBe('lost'));
  expect(log).toHaveLength(seen);
});

it('tries at once when a person asks, and starts over with short pauses', async () => {
  const agent = await startAgent();
  const pauses: number[] = [];
  const link = createWebSocketLink({
    connect: () => {
      const socket = new WebSocket(`ws://127.0.0.1:${agent.port}/agent`);
      socket.on('error', () => {});
      return socket;
    },
    now: () => Date.now(),
    // The longest pauses, so that nothing happens by itself.
    random: () => 1,
    after: (delayMs, run) => {
      pauses.push(delayMs);
      const timer = setTimeout(run, 10 * delayMs);
      return () => clearTimeout(timer);
    },
    firstRetryMs: 60_000,
    maxRetryMs: 120_000,
  });
  cleanups.push(() => link.close());
  const log: LinkStatus[] = [];
  link.watchStatus((status) => log.push(status));
  await vi.waitFor(() => expect(phase(log)).toBe('open'));
  await agent.stop();
  await vi.waitFor(() => expect(phase(log)).toBe('lost'));
  link.retryNow();
  expect(log.at(-1)).toMatchObject({ phase: 'lost', retryAtMs: null });
  await vi.waitFor(() => expect(pauses).toEqual([60_000, 60_000]));
  await startAgent(agent.port);
  link.retryNow();
  await vi.waitFor(() => expect(phase(log)).toBe('open'));
});
