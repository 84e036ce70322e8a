import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { describe, expect, onTestFinished, test } from 'vitest';

import { startChild, type Child } from '../processes/child.ts';
import { describeCeiling } from './ceiling.ts';
import { createEmulatedNetwork, type EmulatedNetwork } from './emulated-network.ts';
import { CannotEmulate } from './emulator-process.ts';
import type { Counts, Impairment } from './impairment.ts';
import { buildTraffic } from './programs.ts';

/** In a pipeline that runs as root there is no excuse. */
const mustRun = process.platform === 'linux' && process.getuid?.() === 0 && process.env['CI'] !== undefined;

async function obstacle(): Promise<string | null> {
  try {
    await (await createEmulatedNetwork()).close();
    return null;
  } catch (error) {
    if (!(error instanceof CannotEmulate) || mustRun) throw error;
    return error.message;
  }
}
const reason = await obstacle();
if (reason !== null) console.warn(`The network emulator was not tested. ${reason}`);
const traffic = reason === null ? await buildTraffic() : '';

const waitsMs = 30_000;
const long = { timeout: 60_000 };

async function open(impairment: Partial<Impairment> = {}): Promise<EmulatedNetwork> {
  const network = await createEmulatedNetwork({ impairment, seed: 7 });
  onTestFinished(() => network.close());
  return network;
}

async function until<T>(what: string, look: () => Promise<T | false>): Promise<T> {
  const deadline = performance.now() + waitsMs;
  for (;;) {
    const found = await look();
    if (found !== false) return found;
    if (performance.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await pause(20);
  }
}

/** Resolves with the counts once they are as they should be. */
function counted(network: EmulatedNetwork, what: string, isSo: (counts: Counts) => boolean): Promise<Counts> {
  return until(what, async () => {
    const counts = await network.counts();
    return isSo(counts) && counts;
  });
}

async function serve(network: EmulatedNetwork, what: 'udp-echo' | 'tcp-serve', host = '0.0.0.0') {
  const child = network.spawn('right', traffic, [what, `-address=${host}:0`]);
  return { child, port: (await child.event<{ readonly port: number }>('ready')).port };
}

type Pinged = {
  readonly sent: number;
  readonly received: number;
  readonly overtaken: number;
  readonly rttMs: { readonly min: number; readonly p50: number; readonly max: number };
};

/** Echoes from the right, for numbered packets from the left. */
async function ping(network: EmulatedNetwork, count: number, interval: string, size = 64): Promise<Pinged> {
  const { port } = await serve(network, 'udp-echo');
  const { stdout } = await network.run('left', traffic, [
    'udp-ping',
    `-address=${network.right.address4}:${port}`,
    `-count=${count}`,
    `-interval=${interval}`,
    `-size=${size}`,
  ]);
  return JSON.parse(stdout) as Pinged;
}

/** A packet every millisecond, until the network is closed. */
function pingOn(network: EmulatedNetwork, address: string): Child {
  return network.spawn('left', traffic, ['udp-ping', `-address=${address}`, '-count=1000000']);
}

/** A TCP connection from the left over which the right sends all it can. */
async function fetchOn(network: EmulatedNetwork): Promise<Child> {
  const { port } = await serve(network, 'tcp-serve');
  const address = `${network.right.address4}:${port}`;
  const child = network.spawn('left', traffic, ['tcp-fetch', `-address=${address}`, '-for=10m']);
  await counted(network, 'TCP flows', ({ rightToLeft }) => rightToLeft.forwarded.bytes > 1e6);
  return child;
}

async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return stat !== null && !/\) [ZX] /.test(stat);
}

describe.skipIf(reason !== null)('an emulated network', long, () => {
  test('that is perfect carries every packet, in order, and adds none of its own', async () => {
    const network = await open();
    const { received, overtaken } = await ping(network, 500, '200us');
    expect({ received, overtaken }).toEqual({ received: 500, overtaken: 0 });
    const { leftToRight, rightToLeft } = await network.counts();
    for (const counts of [leftToRight, rightToLeft]) {
      expect(counts).toMatchObject({ arrived: { packets: 500 }, forwarded: { packets: 500 }, overruns: 0 });
      // 64 bytes and the headers of UDP and IPv4.
      expect(counts.forwarded.bytes).toBe(500 * 92);
    }
  });

  test('loses the share of packets that it is told to, in one direction only', async () => {
    const network = await open();
    await network.set({ lossPercent: 10 }, 'leftToRight');
    const { received } = await ping(network, 3000, '200us');
    const { leftToRight, rightToLeft } = await network.counts();
    expect(leftToRight.arrived.packets).toBe(3000);
    expect(leftToRight.forwarded.packets + leftToRight.lost.packets).toBe(3000);
    expect(rightToLeft.lost.packets).toBe(0);
    expect(received).toBeLessThanOrEqual(leftToRight.forwarded.packets);
    // Five standard deviations of 3000 independent packets.
    expect(Math.abs(leftToRight.lost.packets - 300)).toBeLessThan(5 * Math.sqrt(3000 * 0.1 * 0.9));
  });

  test('loses the same packets again with the same seed', async () => {
    const lost = async (): Promise<number> => {
      const network = await open();
      await network.set({ lossPercent: 50 }, 'leftToRight');
      await ping(network, 400, '200us');
      return (await network.counts()).leftToRight.lost.packets;
    };
    expect(await lost()).toBe(await lost());
  });

  test('delays every packet by what it is told, and keeps their order in spite of jitter', async () => {
    const network = await open({ delayMs: 30, jitterMs: 20 });
    const pinged = await ping(network, 200, '1ms');
    expect(pinged).toMatchObject({ received: 200, overtaken: 0 });
    expect(pinged.rttMs.min).toBeGreaterThanOrEqual(20);
    await network.set({ delayMs: 30 });
    const { rttMs } = await ping(network, 200, '1ms');
    expect(rttMs.min).toBeGreaterThanOrEqual(60);
    expect(rttMs.p50).toBeLessThan(1000);
  });

  test('lets packets overtake each other when it is told to reorder', async () => {
    const network = await open({ reorderPercent: 30, reorderMs: 50 });
    const { received, overtaken } = await ping(network, 300, '1ms');
    expect(received).toBe(300);
    expect(overtaken).toBeGreaterThan(10);
    expect((await network.counts()).leftToRight.reordered.packets).toBeGreaterThan(30);
  });

  test('lets a TCP stream have the bandwidth that there is, and no more', async () => {
    const network = await open();
    const megabit = 8;
    await network.set({ bandwidthMbit: megabit, queueMs: 50 }, 'rightToLeft');
    const { port } = await serve(network, 'tcp-serve');
    const { stdout } = await network.run('left', traffic, [
      'tcp-fetch',
      `-address=${network.right.address4}:${port}`,
      '-for=2s',
    ]);
    const { bytes, ms } = JSON.parse(stdout) as { readonly bytes: number; readonly ms: number };
    const most = (megabit * 1e6 * ms) / 8e3;
    expect(bytes).toBeLessThanOrEqual(most);
    expect(bytes).toBeGreaterThan(most / 4);
  });

  test('drops what does not fit into its queue', async () => {
    const network = await open();
    await network.set({ bandwidthMbit: 1, queueMs: 100 }, 'leftToRight');
    const started = performance.now();
    await ping(network, 300, '0s', 1000);
    const seconds = (performance.now() - started) / 1e3;
    const { leftToRight } = await network.counts();
    expect(leftToRight.queueFull.packets).toBeGreaterThan(0);
    expect(leftToRight.forwarded.packets + leftToRight.queueFull.packets).toBe(300);
    expect(leftToRight.forwarded.bytes).toBeLessThanOrEqual(125_000 * (seconds + 0.1) + 2 * 1500);
  });

  test('swallows UDP while it is a blackhole, and heals', async () => {
    const network = await open({ delayMs: 5 });
    const { port } = await serve(network, 'udp-echo');
    pingOn(network, `${network.right.address4}:${port}`);
    await counted(network, 'echoes', ({ rightToLeft }) => rightToLeft.forwarded.packets > 20);
    await network.blackhole(true);
    const swallowing = (more: number): Promise<Counts> =>
      counted(network, 'packets are swallowed', ({ leftToRight }) => leftToRight.swallowed.packets > more);
    const before = (await swallowing(20)).leftToRight;
    const after = (await swallowing(before.swallowed.packets + 50)).leftToRight;
    expect(after.forwarded).toEqual(before.forwarded);
    await network.blackhole(false);
    await counted(
      network,
      'echoes again',
      ({ rightToLeft }) => rightToLeft.forwarded.packets > after.forwarded.packets + 20,
    );
  });

  test('swallows TCP while it is a blackhole, and the connection goes on after it', async () => {
    const network = await open({ delayMs: 5, bandwidthMbit: 100 });
    await fetchOn(network);
    await network.blackhole(true);
    const { rightToLeft } = await counted(
      network,
      'retransmissions are swallowed',
      (now) => now.rightToLeft.swallowed.packets > 2,
    );
    await network.blackhole(false);
    const enough = rightToLeft.forwarded.bytes + 1e6;
    await counted(network, 'TCP flows again', (now) => now.rightToLeft.forwarded.bytes > enough);
  });

  test.each([
    ['IPv4', '0.0.0.0', 'address4'],
    ['IPv6', '[::]', 'address6'],
  ] as const)('gives a side another address while packets flow (%s)', async (_family, any, family) => {
    const network = await open();
    const { child, port } = await serve(network, 'udp-echo', any);
    const seen = (address: string): Promise<unknown> =>
      until(`${address} is seen`, async () => child.output.some((line) => line.includes(`${bracketed(address)}:`)));
    const before = network.left[family];
    pingOn(network, `${bracketed(network.right[family])}:${port}`);
    await seen(before);
    const after = (await network.changeAddress('left'))[family];
    expect(after).not.toBe(before);
    expect(network.left[family]).toBe(after);
    await seen(after);
  });

  test('silences a TCP connection by taking its address away', async () => {
    const network = await open({ bandwidthMbit: 100 });
    await fetchOn(network);
    await network.changeAddress('left');
    // The right sends again what nobody acknowledges.
    const retransmits = (since: number): Promise<Counts> =>
      counted(network, 'retransmissions', (now) => now.rightToLeft.arrived.packets > since);
    const first = await network.counts({ reset: true }).then(() => retransmits(1));
    const then = await retransmits(first.rightToLeft.arrived.packets);
    expect(then.leftToRight.arrived).toEqual(first.leftToRight.arrived);
  });

  test.each([
    ['IPv4', '0.0.0.0', 'address4'],
    ['IPv6', '[::]', 'address6'],
  ] as const)('shows a side by another address and port, and brings the answers back (%s)', async (_f, any, family) => {
    const network = await open();
    const { child, port } = await serve(network, 'udp-echo', any);
    const source = (address: string): Promise<string> =>
      until(`${address} is seen`, async () => {
        const line = child.output.find((each) => each.includes(`${bracketed(address)}:`));
        return line === undefined ? false : (JSON.parse(line) as { readonly address: string }).address;
      });
    pingOn(network, `${bracketed(network.right[family])}:${port}`);
    const before = await source(network.left[family]);
    const seenAs = await network.rebind('left');
    const after = await source(seenAs[family]);
    expect(portOf(after)).not.toBe(portOf(before));
    await network.counts({ reset: true });
    await counted(network, 'answers', ({ rightToLeft }) => rightToLeft.forwarded.packets > 20);
  });

  test('cuts a TCP connection off by rebinding, and carries a new one', async () => {
    const network = await open({ bandwidthMbit: 100 });
    await fetchOn(network);
    await network.rebind('left');
    const unmapped = (more: number): Promise<Counts> =>
      counted(network, 'packets for the address before', (now) => now.rightToLeft.unmapped.packets > more);
    const first = (await unmapped(0)).rightToLeft;
    const then = (await unmapped(first.unmapped.packets + 1)).rightToLeft;
    // At most what the right answers to the last words of a stranger.
    expect(then.forwarded.bytes - first.forwarded.bytes).toBeLessThan(1000);
    await network.counts({ reset: true });
    await fetchOn(network);
  });

  test('knows its own ceiling, and is as it was after measuring it', async () => {
    const network = await open({ delayMs: 10 });
    const ceiling = await network.ceiling();
    for (const figure of Object.values(ceiling)) expect(figure).toBeGreaterThan(0);
    expect(describeCeiling(ceiling)).toMatch(/packets\/s/);
    expect((await network.counts()).leftToRight.arrived.packets).toBe(0);
    expect((await ping(network, 10, '1ms')).rttMs.min).toBeGreaterThanOrEqual(20);
  });

  test('refuses what makes no sense', async () => {
    const network = await open();
    await expect(network.set({ lossPercent: 120 })).rejects.toThrow(/lossPercent is 120/);
    await expect(network.set({ delayMs: 5, jitterMs: 10 })).rejects.toThrow(/jitterMs is 10/);
  });

  test('ends with all that runs in it when it is closed', async () => {
    const network = await createEmulatedNetwork();
    const { child } = await serve(network, 'udp-echo');
    await network.close();
    expect([await isAlive(network.pid), await isAlive(child.pid)]).toEqual([false, false]);
  });

  test('ends with all that runs in it when its owner is killed', async () => {
    const owner = startChild(process.execPath, ['--input-type=module', '--eval', ownerProgram]);
    const { pids } = await owner.event<{ readonly pids: readonly number[] }>('up');
    expect(await Promise.all(pids.map(isAlive))).toEqual([true, true]);
    await owner.end('SIGKILL');
    for (const pid of pids) await until(`process ${pid} ends`, async () => !(await isAlive(pid)));
  });
});

/** Makes a network, starts a program in it, says both processes, and does nothing more. */
const ownerProgram = `
  const { createEmulatedNetwork } = await import(${JSON.stringify(join(import.meta.dirname, 'emulated-network.ts'))});
  const network = await createEmulatedNetwork();
  const child = network.spawn('right', ${JSON.stringify(traffic)}, ['udp-echo', '-address=0.0.0.0:0']);
  await child.event('ready');
  console.log(JSON.stringify({ event: 'up', pids: [network.pid, child.pid] }));
`;

const bracketed = (address: string): string => (address.includes(':') ? `[${address}]` : address);
const portOf = (endpoint: string): string => endpoint.slice(endpoint.lastIndexOf(':') + 1);

test.skipIf(process.platform !== 'linux')('says what a machine lacks for it', async () => {
  const path = process.env['PATH'];
  onTestFinished(() => {
    process.env['PATH'] = path;
  });
  process.env['PATH'] = '/nowhere';
  const refused = await createEmulatedNetwork().catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(CannotEmulate);
  expect(refused).toMatchObject({ obstacle: 'no tools', message: expect.stringContaining('iproute2') });
});
