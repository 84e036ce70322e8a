/**
 * `--smoke`: proves on the spot that this build works, by carrying one request through every part of it.
 *
 * Starts the playground, publishes a small origin of its own, waits until the operator has seen it answer through the
 * tunnel, asks the public address itself, and says how it went.
 */
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Clock } from '#base/clock.ts';
import type { AgentState } from '#contract/agent-state.ts';
import type { AgentHandlers, Caller } from '#contract/ipc/contract.ts';

export type SmokeResult = {
  readonly event: 'smoke';
  readonly ok: boolean;
  readonly url: string | null;
  /** From the start of the playground to the proven address. */
  readonly readyAfterMs: number;
  readonly reason: string | null;
};

const limitMs = 60_000;
const serviceName = 'smoke';
const greeting = 'sallyport smoke';

function openOrigin(): Promise<{ readonly port: number; close(): void }> {
  const server = createServer((_request, response) => response.end(greeting));
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      resolve({ port, close: () => server.close() });
    });
  });
}

/** Resolves with the first state that `isWanted`; rejects after the limit, with what was missing. */
function waitForState(
  handlers: AgentHandlers,
  clock: Clock,
  what: string,
  isWanted: (state: AgentState) => boolean,
): Promise<AgentState> {
  return new Promise((resolve, reject) => {
    let stop = (): void => {};
    const cancel = clock.after(limitMs, () => {
      stop();
      reject(new Error(`${what} took longer than ${limitMs / 1000} s.`));
    });
    const unwatch = handlers.watches['state.watch']((state) => {
      if (!isWanted(state)) return;
      cancel();
      // The first state may come before the watch is known.
      queueMicrotask(() => stop());
      resolve(state);
    });
    stop = unwatch;
  });
}

/** The body at `url`; dials loopback, since names below `localhost` do not resolve in every runtime. */
function get(url: URL): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port: url.port, path: url.pathname, headers: { host: url.host }, timeout: limitMs },
      (response) => {
        response.setEncoding('utf8');
        let body = '';
        response.on('data', (chunk: string) => (body += chunk));
        response.on('end', () => resolve(body));
      },
    );
    asked.on('timeout', () => asked.destroy(new Error('No answer.')));
    asked.on('error', reject);
    asked.end();
  });
}

async function publishAndAsk(handlers: AgentHandlers, caller: Caller, clock: Clock): Promise<string> {
  const origin = await openOrigin();
  try {
    await handlers.calls['controlPlane.usePlayground']({}, caller);
    await waitForState(handlers, clock, 'The playground', ({ connector }) => connector?.ready === true);
    await handlers.calls['service.expose'](
      { name: serviceName, host: '127.0.0.1', port: origin.port, ephemeral: true },
      caller,
    );
    const state = await waitForState(handlers, clock, 'The service', ({ services }) =>
      services.some(({ name, phase }) => name === serviceName && phase === 'ready'),
    );
    const url = state.services.find(({ name }) => name === serviceName)?.url ?? '';
    const body = await get(new URL(url));
    if (body !== greeting) throw new Error(`The address answered “${body.slice(0, 80)}”.`);
    return url;
  } finally {
    origin.close();
  }
}

export async function runSmoke(handlers: AgentHandlers, clock: Clock): Promise<SmokeResult> {
  const startedAt = clock.monotonic();
  const caller: Caller = { id: 'smoke', onGone: () => {} };
  const outcome = await publishAndAsk(handlers, caller, clock).then(
    (url) => ({ ok: true, url, reason: null }),
    (error: unknown) => ({ ok: false, url: null, reason: error instanceof Error ? error.message : String(error) }),
  );
  return { event: 'smoke', ...outcome, readyAfterMs: Math.round(clock.monotonic() - startedAt) };
}
