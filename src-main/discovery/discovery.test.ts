/**
 * Looks at real servers on this machine. Only at those of the test: others run tests here too.
 */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { systemClock, type Clock } from '#base/clock.ts';
import { createLogger } from '#base/logger.ts';
import { toAgentError } from '#contract/errors/agent-error.ts';

import { createServiceDiscovery, type ServiceDiscovery } from './discovery.ts';
import { listenersOf } from './listing/listeners-of.ts';
import type { Listener, ListListeners } from './listing/listener.ts';
import type { KnownService } from './offers.ts';

const log = createLogger({ level: 'error', sink: () => {}, now: () => 0 });
const listAll = listenersOf(process.platform, process.env);
const servers: Server[] = [];
let looks: number;
let laterMs: number;

/** The clock of the process, ahead by `laterMs` where nothing waits for it. */
const clock: Clock = { ...systemClock, monotonic: () => systemClock.monotonic() + laterMs };

beforeEach(() => {
  looks = 0;
  laterMs = 0;
});

afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

async function open(server: Server, host = '127.0.0.1'): Promise<number> {
  server.listen(0, host);
  await once(server, 'listening');
  servers.push(server);
  return (server.address() as AddressInfo).port;
}

/** A web server; `requests` counts what it was asked. */
async function openWeb(title: string): Promise<{ readonly port: number; readonly requests: () => number }> {
  let requests = 0;
  const port = await open(
    createHttpServer((_request, response) => {
      requests += 1;
      response.setHeader('content-type', 'text/html').end(`<title>${title}</title>`);
    }),
  );
  return { port, requests: () => requests };
}

const mine: ListListeners = async (signal) => {
  looks += 1;
  const ports = new Set(servers.map((server) => (server.address() as AddressInfo).port));
  return (await listAll(signal)).filter(({ port }) => ports.has(port));
};

function createDiscovery(
  more: {
    readonly list?: ListListeners;
    readonly own?: readonly number[];
    readonly known?: readonly KnownService[];
    readonly clock?: Clock;
  } = {},
): ServiceDiscovery {
  return createServiceDiscovery({
    listListeners: more.list ?? mine,
    ownPids: () => new Set(more.own),
    knownServices: () => more.known ?? [],
    homeDirectory: '/home/mira',
    clock: more.clock ?? clock,
    log,
  });
}

const portsIn = async (look: ReturnType<ServiceDiscovery['discover']>): Promise<readonly number[]> =>
  (await look).services.map(({ port }) => port);

describe('a look at this machine', () => {
  it('finds what listens and says what it is', async () => {
    const web = await openWeb('Shop');
    const ssh = await open(createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2p1\r\n')));
    const known = [{ name: 'shop', host: 'localhost', port: web.port }];
    expect(await createDiscovery({ known }).discover({})).toEqual({
      omitted: 0,
      services: [
        {
          port: web.port,
          address: '127.0.0.1',
          openToNetwork: false,
          pid: process.pid,
          process: expect.stringMatching(/node/) as unknown,
          project: expect.any(String) as unknown,
          kind: 'http',
          certain: true,
          secure: false,
          title: 'Shop',
          status: 200,
          product: null,
          group: 'web',
          suggestedTarget: { host: 'localhost', port: web.port },
          suggestedName: 'shop',
          exposedAs: 'shop',
        },
        expect.objectContaining({ port: ssh, kind: 'ssh', suggestedName: `ssh-${ssh}`, exposedAs: null }) as unknown,
      ],
    });
  });

  it('leaves out what is of the agent itself, and does not speak to it', async () => {
    const { requests } = await openWeb('Own');
    expect(await portsIn(createDiscovery({ own: [process.pid] }).discover({}))).toEqual([]);
    expect(requests()).toBe(0);
  });

  it('lists tools without speaking to them', async () => {
    const { port, requests } = await openWeb('Inspectable pages');
    const list = async (signal: AbortSignal): Promise<readonly Listener[]> =>
      (await mine(signal)).map((listener) => ({ ...listener, process: 'chrome' }));
    const { services } = await createDiscovery({ list }).discover({});
    expect(services).toMatchObject([{ port, group: 'background', certain: false }]);
    expect(requests()).toBe(0);
  });

  it('asks only the ports that are named', async () => {
    const [asked, other] = [await openWeb('Asked'), await openWeb('Other')];
    expect(await portsIn(createDiscovery().discover({ ports: [asked.port, 1] }))).toEqual([asked.port]);
    expect([asked.requests(), other.requests()]).toEqual([1, 0]);
  });

  it('lists a hundred and counts the rest', async () => {
    const { port } = await openWeb('Same');
    const list = (): Promise<readonly Listener[]> =>
      Promise.resolve(
        Array.from({ length: 130 }, (_, index) => {
          const address = `127.0.0.${index + 1}`;
          return { address, port, pid: 100_000 + index, process: 'chrome', directory: null };
        }),
      );
    const { services, omitted } = await createDiscovery({ list }).discover({});
    expect([services.length, omitted]).toEqual([100, 30]);
  });

  it('answers in time though many say nothing', async () => {
    const silent = createServer((socket) => socket.on('error', () => {}).resume());
    const port = await open(silent);
    const list = (): Promise<readonly Listener[]> =>
      Promise.resolve(
        Array.from({ length: 100 }, (_, index) => {
          const address = `127.0.0.${index + 1}`;
          return { address, port, pid: 100_000 + index, process: null, directory: null };
        }),
      );
    await new Promise((resolve) => silent.close(resolve));
    silent.listen(port, '0.0.0.0');
    // Every wait is a tenth of itself.
    const hasty: Clock = { ...systemClock, after: (delayMs, run) => systemClock.after(delayMs / 10, run) };
    const start = performance.now();
    const { services } = await createDiscovery({ list, clock: hasty }).discover({});
    expect(performance.now() - start).toBeLessThan(2000);
    expect(services).toHaveLength(100);
    expect(services.every(({ certain }) => !certain)).toBe(true);
  });
});

describe('the last look', () => {
  it('is kept for a few seconds', async () => {
    const { requests } = await openWeb('Kept');
    const discovery = createDiscovery();
    await discovery.discover({});
    await discovery.discover({});
    expect([looks, requests()]).toEqual([1, 1]);
    laterMs = 5001;
    await discovery.discover({});
    expect([looks, requests()]).toEqual([2, 2]);
  });

  it('is taken again when asked for', async () => {
    const first = await openWeb('First');
    const discovery = createDiscovery();
    await discovery.discover({});
    const second = await openWeb('Second');
    expect(await portsIn(discovery.discover({}))).toEqual([first.port]);
    const ports = await portsIn(discovery.discover({ again: true }));
    expect(new Set(ports)).toEqual(new Set([first.port, second.port]));
  });

  it('is one look for all who ask meanwhile', async () => {
    const { requests } = await openWeb('Shared');
    const discovery = createDiscovery();
    await Promise.all(Array.from({ length: 10 }, () => discovery.discover({ again: true })));
    expect([looks, requests()]).toEqual([1, 1]);
  });

  it('still says what is exposed now', async () => {
    const { port } = await openWeb('Exposed');
    const known: KnownService[] = [];
    const discovery = createDiscovery({ known });
    expect((await discovery.discover({})).services[0]?.exposedAs).toBeNull();
    known.push({ name: 'mine', host: '127.0.0.1', port });
    expect((await discovery.discover({})).services[0]?.exposedAs).toBe('mine');
  });
});

describe('a system that does not tell', () => {
  it('is said to be the reason, and asked anew the next time', async () => {
    let fails = true;
    const list: ListListeners = (signal) => (fails ? Promise.reject(new Error('No /proc here.')) : mine(signal));
    const discovery = createDiscovery({ list });
    const failed: unknown = await discovery.discover({}).catch((error: unknown) => error);
    expect(toAgentError(failed).problem).toEqual({
      code: 'SP_DISCOVERY_FAILED',
      title: 'What listens on this machine cannot be listed',
      detail: 'No /proc here.',
      action: 'Enter the port of your service yourself.',
    });
    fails = false;
    expect(await discovery.discover({})).toEqual({ services: [], omitted: 0 });
  });
});
