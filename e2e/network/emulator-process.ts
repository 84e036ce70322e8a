/**
 * The emulator as a child process: how it is started, asked and ended, and why it cannot be had somewhere.
 */
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';

import { startChild, type Child } from '../processes/child.ts';
import { CannotBuild } from '../processes/go-program.ts';
import type { Counts, Impairment, Side } from './impairment.ts';
import { buildEmulator } from './programs.ts';

export type Obstacle = 'not Linux' | 'no Go' | 'no tools' | 'no privileges' | 'no TUN device';

/** Why there is no emulated network on this machine. The message is for the person who runs the tests. */
export class CannotEmulate extends Error {
  override readonly name = 'CannotEmulate';
  readonly obstacle: Obstacle;

  constructor(obstacle: Obstacle, message: string, cause?: unknown) {
    super(message, { cause });
    this.obstacle = obstacle;
  }
}

/** How a network address translator shows a side to the other. */
export type Mapping = {
  readonly inside4: string;
  readonly outside4: string;
  readonly inside6: string;
  readonly outside6: string;
  /** Ports from 1024 on are moved round by so many. */
  readonly portShift: number;
};

type AskedDirection = 'leftToRight' | 'rightToLeft' | 'both';

export type EmulatorCommand =
  | { readonly do: 'set'; readonly direction: AskedDirection; readonly impairment: Impairment }
  | { readonly do: 'seed'; readonly direction: AskedDirection; readonly seed: number }
  | { readonly do: 'blackhole'; readonly direction: AskedDirection; readonly on: boolean }
  | { readonly do: 'map'; readonly side: Side; readonly mapping: Mapping | null }
  | { readonly do: 'count'; readonly reset: boolean };

type Reply = { readonly error?: string; readonly counts?: Counts };

export type EmulatorProcess = {
  readonly pid: number;
  /** Name of the network device in both namespaces. */
  readonly device: string;
  /** Path of each side's namespace, as setns(2) takes it. */
  readonly namespaces: Readonly<Record<Side, string>>;
  /** What to put before a command so that it runs in the side's namespace, and ends when this process does. */
  prefix(side: Side): readonly string[];
  /** Rejects if the emulator refuses. */
  ask(command: EmulatorCommand): Promise<Reply>;
  /** Both namespaces are gone then, unless a program still runs in one of them. */
  end(): Promise<void>;
};

const startWithinMs = 20_000;
const answerWithinMs = 10_000;
const endWithinMs = 5000;
/** From iproute2 and util-linux. */
const tools = ['ip', 'nsenter', 'setpriv', 'unshare'];

function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
}

/** Builds the emulator where needed, and starts it. Throws CannotEmulate. */
export async function startEmulator(): Promise<EmulatorProcess> {
  if (process.platform !== 'linux') {
    throw new CannotEmulate('not Linux', 'The network emulator uses namespaces and TUN devices, which only Linux has.');
  }
  const missing = tools.filter((tool) => !isInstalled(tool));
  if (missing.length > 0) {
    throw new CannotEmulate(
      'no tools',
      `The network emulator needs ${missing.join(', ')}: install iproute2 and util-linux.`,
    );
  }
  const program = await buildEmulator().catch((error: unknown) => {
    throw error instanceof CannotBuild ? new CannotEmulate('no Go', error.message, error) : error;
  });
  // Namespaces are root's; anybody else becomes root in a namespace of users first, where the system lets them.
  const isRoot = process.getuid?.() === 0;
  const [command = '', ...args] = isRoot ? [program] : ['unshare', '--user', '--map-root-user', program];
  // The end of its input, also when this process is killed, ends the emulator.
  const child = startChild(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const { device, left, right } = await started(child);

  let asked = 0;
  return {
    pid: child.pid,
    device,
    namespaces: { left, right },
    prefix: (side) => [
      'nsenter',
      ...(isRoot ? [] : [`--user=/proc/${child.pid}/ns/user`, '--preserve-credentials']),
      `--net=${side === 'left' ? left : right}`,
      'setpriv',
      '--pdeathsig=KILL',
    ],
    ask: async (question) => {
      asked += 1;
      child.process.stdin?.write(`${JSON.stringify({ id: asked, ...question })}\n`);
      const reply = await child.event<Reply>(`reply ${asked}`, answerWithinMs);
      if (reply.error !== undefined) throw new Error(`the emulator refused "${question.do}": ${reply.error}`);
      return reply;
    },
    end: async () => {
      child.process.stdin?.end();
      const timer = setTimeout(() => child.process.kill('SIGKILL'), endWithinMs);
      await child.exited;
      clearTimeout(timer);
    },
  };
}

type Started = { readonly errno: number; readonly message: string } & Record<'device' | Side, string>;

/** Its first line, or the reason why it cannot work here. */
async function started(child: Child): Promise<Started> {
  const { EPERM, EACCES, ENOENT, ENODEV } = constants.errno;
  const line = await child.event<Started>('started', startWithinMs).catch(() => null);
  if (line?.errno === 0) return line;
  await child.end('SIGKILL');
  // Without a word of its own: unshare(1) was refused before the emulator began.
  const { errno, message } = line ?? { errno: EPERM, message: child.output.join('; ') };
  if (errno === ENOENT || errno === ENODEV) {
    throw new CannotEmulate(
      'no TUN device',
      `The network emulator needs /dev/net/tun, which is not there: ${message}.`,
    );
  }
  if (errno === EPERM || errno === EACCES) {
    throw new CannotEmulate(
      'no privileges',
      `The network emulator may not make namespaces and TUN devices (${message}). Run the tests as root.`,
    );
  }
  throw new Error(`the network emulator failed: ${message}`);
}
