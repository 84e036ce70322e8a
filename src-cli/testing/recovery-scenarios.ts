/**
 * kill -9 of every process of Sallyport, each alone and in pairs: everything comes back by itself as the same thing,
 * nothing stale stays, and the state says meanwhile what is the case. Times are reported, and only bounded generously.
 */
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';

import type { AgentState } from '#contract/agent-state.ts';
import { kinds } from '#contract/resources/kinds.ts';
import { createKubeClient } from '#kube/client.ts';
import { readKubeconfig } from '#kube/kubeconfig.ts';

import type { SallyportProcess } from './sallyport-process.ts';
import { body, bundleForTests, end, makeWorld, published, visit, type Programs, type World } from './world.ts';

const parts = ['engine', 'edge', 'operator', 'control', 'agent'] as const;
type Part = (typeof parts)[number];

/** A slow machine recovers in a few seconds; beyond this something waits for a person. */
const recoversWithin = { timeout: 40_000, interval: 50 };

/** From then on no state calls a process running that was killed. */
const noticedWithinMs = 3000;

let programs: Programs;
let world: World;
let playground: SallyportProcess;
let kubeconfig: string;
let url: string;
/** Commands of the profile, oldest first: the first is the agent, the next takes over when it is killed. */
let commands: readonly { readonly process: SallyportProcess; readonly service: string | null }[];
let standbys = 0;
const report: string[] = [];

async function startStandby(): Promise<void> {
  standbys += 1;
  const service = `standby-${standbys}`;
  const process = world.serve('--name', service);
  commands = [...commands, { process, service }];
  await process.event('serving');
}

/** Names of the services that are wanted now. */
const wanted = (): readonly string[] => ['kept', ...commands.flatMap(({ service }) => service ?? [])];

function pidOf(state: AgentState, part: Part): number | null {
  if (part === 'agent') return state.agent.pid;
  if (part === 'engine') return state.engine.pid;
  if (state.controlPlane.kind !== 'playground') return null;
  return state.controlPlane.parts.find(({ name }) => name === part)?.pid ?? null;
}

/** What must never change. */
function identityOf({ connector, services }: AgentState): object {
  const kept = services.find(({ name }) => name === 'kept');
  return { name: connector?.name, uid: connector?.uid, key: connector?.publicKey, url: kept?.url };
}

/** Everything in the control plane that stands for a process or a service. */
async function entries(): Promise<readonly string[]> {
  const client = createKubeClient((await readKubeconfig(kubeconfig)).use('playground'));
  try {
    const [connectors, servers, leases] = await Promise.all([
      client.resource(kinds.connector).list(),
      client.resource(kinds.drtpServer).list(),
      client.resource(kinds.lease).list(),
    ]);
    const counts = [`connectors ${connectors.items.length}`, `edges ${servers.items.length}`];
    return [...(await published(kubeconfig)), ...counts, `leases ${leases.items.length}`].toSorted();
  } finally {
    client.close();
  }
}

type Answer = { readonly atMs: number; readonly status: number; readonly whole: boolean };

/** Visitors that come one after the other, four at a time, until `stop`. */
function startLoad(): { stop(): Promise<readonly Answer[]> } {
  const stopping = new AbortController();
  const answers: Answer[] = [];
  const visitor = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const answer = await visit(url).catch(() => ({ status: 0, body: '' }));
      answers.push({ atMs: performance.now(), status: answer.status, whole: answer.body === body });
      // A refused connection comes back at once; people do not ask a thousand times a second.
      await new Promise((resolve) => setTimeout(resolve, answer.status === 200 ? 2 : 20));
    }
  };
  const visitors = Array.from({ length: 4 }, visitor);
  return {
    stop: async () => {
      stopping.abort();
      await Promise.all(visitors);
      return answers;
    },
  };
}

/** Whether the entry is of a service that the agent's own command holds, which ends with it. */
function isOfAgent(entry: string): boolean {
  const service = commands[0]?.service ?? null;
  return service !== null && entry.endsWith(`/${service}`);
}

async function killAndRecover(victims: readonly Part[], underLoad: boolean): Promise<void> {
  await untilProven(victims);
  const before = await world.state();
  const expected = (await entries()).filter((entry) => (victims.includes('agent') ? !isOfAgent(entry) : true));
  const pids = victims.map((part) => ({ part, pid: pidOf(before, part) ?? -1 }));
  expect(pids.every(({ pid }) => pid > 0)).toBe(true);
  const load = underLoad ? startLoad() : null;
  const killedAt = performance.now();
  for (const { pid } of pids) process.kill(pid, 'SIGKILL');
  if (victims.includes('agent')) commands = commands.slice(1);
  const took = (): number => performance.now() - killedAt;
  const untrue = new Set<string>();

  await vi.waitFor(async () => {
    const state = await world.state();
    if (took() > noticedWithinMs) {
      for (const { part, pid } of pids) if (pidOf(state, part) === pid) untrue.add(`${part} still runs as ${pid}`);
    }
    for (const { part, pid } of pids) {
      expect(pidOf(state, part)).not.toBe(pid);
      expect(pidOf(state, part)).not.toBeNull();
    }
    expect(state.controlPlane).toMatchObject({ phase: 'connected', problem: null });
    expect(state.engine.phase).toBe('running');
    expect(state.connector?.ready).toBe(true);
    expect(state.services.map(({ name, phase }) => `${name} ${phase}`)).toEqual(
      wanted().map((name) => `${name} ready`),
    );
    expect(await visit(url)).toEqual({ status: 200, body });
  }, recoversWithin);
  const recoveredMs = took();
  expect([...untrue]).toEqual([]);
  for (const part of parts) {
    if (pidOf(before, part) !== pidOf(await world.state(), part)) lastKilledAt.set(part, performance.now());
  }
  const answers = (await load?.stop()) ?? [];

  const after = await world.state();
  expect(identityOf(after)).toEqual(identityOf(before));
  await vi.waitFor(async () => expect(await entries()).toEqual(expected), recoversWithin);
  // A visitor gets the service's own answer whole, or hears that there is none now; never something else.
  const wrong = answers.filter(({ status, whole }) => (status === 200 ? !whole : ![0, 502, 503, 504].includes(status)));
  expect(wrong).toEqual([]);
  const failed = answers.filter(({ status }) => status !== 200);
  const lastFailure = failed.at(-1);
  const outage =
    lastFailure === undefined ? 'none failed' : `last failure after ${Math.round(lastFailure.atMs - killedAt)} ms`;
  const visitors = underLoad ? `; ${answers.length} requests, ${failed.length} failed, ${outage}` : '';
  report.push(
    `${victims.join(' + ').padEnd(20)} ${underLoad ? 'load' : 'rest'}  ${Math.round(recoveredMs)} ms${visitors}`,
  );
}

/** A process that has run this long is no crash loop to its supervisor, however often it was killed before. */
const provenAfterMs = 10_000;
const lastKilledAt = new Map<Part, number>();
async function untilProven(victims: readonly Part[]): Promise<void> {
  for (const part of victims) {
    const remainingMs = (lastKilledAt.get(part) ?? 0) + provenAfterMs + recoversWithin.interval - performance.now();
    if (part !== 'agent' && remainingMs > 0) await new Promise((resolve) => setTimeout(resolve, remainingMs));
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/**
 * Each scenario takes a quarter of a minute: every test run kills each part alone under load, and `npm run test:recovery`
 * the pairs as well, and all of them at rest.
 */
const isWhole = process.env['RECOVERY'] === 'whole';
const pairs = isWhole
  ? parts.flatMap((first, index) => parts.slice(index + 1).map((second) => [first, second] as const))
  : [];

/** Registers the scenarios in the test file that calls it, as far as they are asked for. */
export function describeRecovery(underLoad: boolean): void {
  if (!isWhole && !underLoad) {
    it.skip('npm run test:recovery');
    return;
  }
  beforeAll(async () => {
    programs = await bundleForTests();
    world = await makeWorld(programs.cli);
    playground = world.home.run('playground', '--json');
    kubeconfig = String((await playground.event('ready'))['kubeconfig']);
    const agent = world.home.run('agent', '--json');
    commands = [{ process: agent, service: null }];
    await agent.event('ready');
    const kept = world.serve('--name', 'kept', '--keep');
    url = String((await kept.event('serving'))['url']);
    await end(kept);
    await startStandby();
  }, 90_000);

  afterAll(async () => {
    process.stdout.write(
      `${[`Recovery after kill -9, ${underLoad ? 'under load' : 'at rest'}:`, ...report].join('\n  ')}\n`,
    );
    await world.remove();
    await programs.remove();
  }, 60_000);

  // Also after a failure, so that each scenario stands for itself.
  afterEach(async () => {
    commands = commands.filter(({ process }) => isAlive(process.pid));
    while (commands.length < 2) await startStandby();
  }, 60_000);

  it.each(
    [...parts.map((part) => [part] as const), ...pairs].map((victims) => [victims.join(' and '), victims] as const),
  )('%s', { timeout: 120_000 }, (_what, victims) => killAndRecover(victims, underLoad));
}
