/**
 * Two network namespaces joined by an emulated link: what runs in one reaches what runs in the other over real
 * packets, TCP and UDP alike, which the link delays, loses, reorders or holds up as it is told.
 *
 * The namespaces have no names and belong to the emulator's process, which ends when this process does, however that
 * comes about: there is nothing that an earlier run could have left behind.
 */
import { execFile, type SpawnOptions } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

import { startChild, type Child } from '../processes/child.ts';
import { measureCeiling, type Ceiling } from './ceiling.ts';
import { startEmulator, type EmulatorProcess } from './emulator-process.ts';
import { perfectLink, type Counts, type Direction, type Impairment, type Side } from './impairment.ts';

export type Addresses = { readonly address4: string; readonly address6: string };

export type End = Addresses & {
  /** Path of the namespace, as nsenter(1) takes it. */
  readonly namespace: string;
};

export type EmulatedNetwork = {
  /** The addresses are those of now. */
  readonly left: End;
  readonly right: End;
  /** Process that holds both namespaces. */
  readonly pid: number;
  /** Starts a program in a side's namespace; it never outlives the network. */
  spawn(side: Side, command: string, args: readonly string[], options?: SpawnOptions): Child;
  /** Runs a program there to its end, at most `timeoutMs` (one minute). Rejects if it fails. */
  run(
    side: Side,
    command: string,
    args: readonly string[],
    timeoutMs?: number,
  ): Promise<{ readonly stdout: string; readonly stderr: string }>;
  /** From now on, for packets that arrive; what is left out is as on a perfect link. */
  set(impairment: Partial<Impairment>, direction?: Direction): Promise<void>;
  /** While on, nothing gets through, and what was on its way is lost. */
  blackhole(on: boolean, direction?: Direction): Promise<void>;
  /** Takes a side's addresses away and gives it new ones, as when a laptop changes its network. Returns the new ones. */
  changeAddress(side: Side): Promise<Addresses>;
  /**
   * Shows a side to the other by new addresses and ports without its knowledge, as a network address translator that
   * has forgotten its connections: what is sent to those before is lost. Returns the addresses as seen from now on.
   */
  rebind(side: Side): Promise<Addresses>;
  /** Since the start, or since they were last reset. */
  counts(options?: { readonly reset: boolean }): Promise<Counts>;
  /** Resolves once no packet is on its way and no new one comes; rejects if that does not come about. */
  quiet(): Promise<void>;
  /** What the emulator can do at most, here and now, without any impairment. Takes seconds; resets the counts. */
  ceiling(): Promise<Ceiling>;
  /** Ends all that was started in it. */
  close(): Promise<void>;
};

/**
 * Packets that may wait to be taken by the emulator: as many as arrive in the 10 ms or so that another program may hold
 * its core. What the kernel gives (500) is too little for that, and packets would be lost that nobody asked to lose.
 */
const deviceQueuePackets = 5000;
const mtu = 1500;
const runWithinMs = 60_000;
const endWithinMs = 5000;
/** Nothing for so long is quiet. */
const silenceMs = 100;
const quietWithinMs = 20_000;
/** Changes of address, and rebindings, of one side. */
const maxChanges = 250;
const portShiftStep = 1009;

/** The ranges for measuring networks (RFC 2544, RFC 5180): they mean nothing to any program. */
const subnets = { left: 18, right: 19 } as const;
function addresses(side: Side, kind: 'own' | 'seen', number: number): Addresses {
  const isOwn = kind === 'own';
  return {
    address4: `198.${subnets[side]}.${isOwn ? 0 : 1}.${number}`,
    address6: `2001:2:0:${subnets[side]}${isOwn ? '' : ':1'}::${number.toString(16)}`,
  };
}

/**
 * A network of its own for the caller, who closes it. `seed` makes it lose the same packets of the same stream of
 * packets each time. Rejects with CannotEmulate, which has the reason, where this machine does not allow it.
 */
export async function createEmulatedNetwork({
  impairment = {},
  seed,
}: { readonly impairment?: Partial<Impairment>; readonly seed?: number } = {}): Promise<EmulatedNetwork> {
  const emulator = await startEmulator();
  try {
    const network = await wire(emulator);
    if (seed !== undefined) await emulator.ask({ do: 'seed', direction: 'both', seed });
    await network.set(impairment);
    return network;
  } catch (error) {
    await emulator.end();
    throw error;
  }
}

async function wire(emulator: EmulatorProcess): Promise<EmulatedNetwork> {
  const { device } = emulator;
  const children = new Set<Child>();
  const current = { left: addresses('left', 'own', 1), right: addresses('right', 'own', 1) };
  const changes = { left: 1, right: 1 };
  const rebindings = { left: 0, right: 0 };
  let impairments: Readonly<Record<Direction, Impairment>> = { leftToRight: perfectLink, rightToLeft: perfectLink };

  const run: EmulatedNetwork['run'] = (side, command, args, timeoutMs = runWithinMs) => {
    const [enter = '', ...words] = [...emulator.prefix(side), command, ...args];
    return promisify(execFile)(enter, words, { timeout: timeoutMs, killSignal: 'SIGKILL' });
  };
  const ip = async (side: Side, ...lines: readonly string[]): Promise<void> => {
    for (const line of lines) await run(side, 'ip', line.split(' '));
  };
  const give = ({ address4, address6 }: Addresses): readonly string[] => [
    `address add ${address4}/32 dev ${device}`,
    // Nobody else is there: without waiting for somebody to object.
    `address add ${address6}/128 dev ${device} nodad`,
  ];

  for (const side of ['left', 'right'] as const) {
    await ip(
      side,
      'link set lo up',
      // Nothing but what the programs send: no address of the kernel's own making, no multicast.
      `link set ${device} mtu ${mtu} txqueuelen ${deviceQueuePackets} multicast off addrgenmode none`,
      `link set ${device} up`,
      ...give(current[side]),
      `route add default dev ${device}`,
      `-6 route add default dev ${device}`,
    );
    // Each connection starts afresh, and not with what the kernel has learnt from the one before.
    await run(side, 'sh', ['-c', 'echo 1 > /proc/sys/net/ipv4/tcp_no_metrics_save']);
  }

  const apply = async (): Promise<void> => {
    for (const direction of ['leftToRight', 'rightToLeft'] as const) {
      await emulator.ask({ do: 'set', direction, impairment: impairments[direction] });
    }
  };
  const end = (side: Side): End => ({ ...current[side], namespace: emulator.namespaces[side] });

  const network: EmulatedNetwork = {
    get left() {
      return end('left');
    },
    get right() {
      return end('right');
    },
    pid: emulator.pid,
    run,
    spawn: (side, command, args, options) => {
      const [enter = '', ...words] = [...emulator.prefix(side), command, ...args];
      const child = startChild(enter, words, options);
      children.add(child);
      void child.exited.then(() => children.delete(child));
      return child;
    },
    set: async (changed, direction) => {
      const impairment = { ...perfectLink, ...changed };
      impairments =
        direction === undefined
          ? { leftToRight: impairment, rightToLeft: impairment }
          : { ...impairments, [direction]: impairment };
      await apply();
    },
    blackhole: async (on, direction) => {
      await emulator.ask({ do: 'blackhole', direction: direction ?? 'both', on });
    },
    changeAddress: async (side) => {
      if (changes[side] >= maxChanges) throw new Error(`${side} has had ${maxChanges} addresses`);
      changes[side] += 1;
      const [before, after] = [current[side], addresses(side, 'own', changes[side])];
      await ip(
        side,
        // In this order: the kernel removes the routes of a device that has no IPv4 address left.
        ...give(after),
        `address delete ${before.address4}/32 dev ${device}`,
        `address delete ${before.address6}/128 dev ${device}`,
      );
      current[side] = after;
      await emulator.ask({ do: 'map', side, mapping: null });
      return after;
    },
    rebind: async (side) => {
      if (rebindings[side] >= maxChanges) throw new Error(`${side} was rebound ${maxChanges} times`);
      rebindings[side] += 1;
      const [inside, outside] = [current[side], addresses(side, 'seen', rebindings[side])];
      await emulator.ask({
        do: 'map',
        side,
        mapping: {
          inside4: inside.address4,
          outside4: outside.address4,
          inside6: inside.address6,
          outside6: outside.address6,
          portShift: rebindings[side] * portShiftStep,
        },
      });
      return outside;
    },
    counts: async ({ reset } = { reset: false }) => {
      const { counts } = await emulator.ask({ do: 'count', reset });
      if (counts === undefined) throw new Error('the emulator did not count');
      return counts;
    },
    quiet: async () => {
      const deadline = performance.now() + quietWithinMs;
      for (let before = await network.counts(); ;) {
        await pause(silenceMs);
        const now = await network.counts();
        const isQuiet = (direction: Direction): boolean =>
          now[direction].onTheWay === 0 && now[direction].arrived.packets === before[direction].arrived.packets;
        if (isQuiet('leftToRight') && isQuiet('rightToLeft')) return;
        if (performance.now() > deadline) throw new Error('packets still come, and nobody waits for them');
        before = now;
      }
    },
    ceiling: async () => {
      const before = impairments;
      await network.set({});
      try {
        return await measureCeiling(network);
      } finally {
        impairments = before;
        await apply();
        // What the measurement has left in the sockets' buffers.
        await network.quiet();
        await network.counts({ reset: true });
      }
    },
    close: async () => {
      await Promise.all([...children].map((child) => child.end('SIGTERM', endWithinMs)));
      await emulator.end();
    },
  };
  return network;
}
