/**
 * The whole of Sallyport as a person uses it: real processes, a real service, real requests through the edge.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import type { AgentState } from '#contract/agent-state.ts';

import type { SallyportEvent, SallyportProcess } from './testing/sallyport-process.ts';
import {
  body,
  bundleForTests,
  end,
  makeWorld as makeNewWorld,
  published,
  visit,
  type Programs,
  type World,
} from './testing/world.ts';

const patience = { timeout: 20_000, interval: 100 };

const worlds: World[] = [];
let programs: Programs;
beforeAll(async () => {
  programs = await bundleForTests();
}, 60_000);
afterAll(async () => {
  for (const world of worlds) await world.remove();
  await programs.remove();
}, 60_000);

async function makeWorld(): Promise<World> {
  const world = await makeNewWorld(programs.cli);
  worlds.push(world);
  return world;
}

const urlOf = ({ url }: SallyportEvent): string => String(url);

describe('serve', () => {
  it('publishes through a running playground and leaves nothing behind', { timeout: 60_000 }, async ({ expect }) => {
    const { home, serve, state } = await makeWorld();
    const playground = home.run('playground', '--json');
    const ready = await playground.event('ready');
    const kubeconfig = String(ready['kubeconfig']);
    const serving = await serve('--name', 'demo').event('serving');
    expect(serving).toEqual({
      event: 'serving',
      url: `http://demo.localhost:${new URL((ready['edge'] as { http: string }).http).port}`,
      name: 'demo',
      connector: expect.stringMatching(/-[a-z0-9]{5}$/),
    });
    expect(await visit(urlOf(serving))).toEqual({ status: 200, body });
    expect(await published(kubeconfig)).toEqual(['HTTPProxy/demo', 'ConnectorAdvertisement/demo']);

    // A second command of the profile uses the agent of the first one.
    const second = serve('--name', 'second');
    expect(await visit(urlOf(await second.event('serving')))).toEqual({ status: 200, body });
    const { services, agent } = await state();
    expect(services.map(({ name, phase }) => [name, phase])).toEqual([
      ['demo', 'ready'],
      ['second', 'ready'],
    ]);
    expect(agent.pid).not.toBe(second.pid);
    const status = home.run('status');
    expect(await status.exited).toBe(0);
    expect(status.output()).toMatch(/demo +ready +http:\/\/demo\.localhost:\d+ +localhost:\d+/);
    expect(await end(second)).toBe(0);
    expect(second.events.at(-1)).toEqual({ event: 'withdrawn', name: 'second' });
    expect(await published(kubeconfig)).toEqual(['HTTPProxy/demo', 'ConnectorAdvertisement/demo']);

    const refused = home.run('agent');
    expect(await refused.exited).toBe(69);
    expect(refused.output()).toContain('SP_AGENT_RUNNING');
    expect(refused.output()).toContain(String(agent.pid));

    process.kill(agent.pid, 'SIGINT');
    await vi.waitFor(async () => expect(await published(kubeconfig)).toEqual([]), patience);
    expect(await end(playground)).toBe(0);
  });

  it('says truthfully what its end does, and what it did', { timeout: 60_000 }, async ({ expect }) => {
    const { home, port, serve } = await makeWorld();
    const playground = home.run('playground');
    await vi.waitFor(() => expect(playground.output()).toContain('Ctrl-C ends it, unless an agent'), patience);
    const tellingServe = (...args: readonly string[]): SallyportProcess => home.run('serve', String(port), ...args);
    const told = (child: SallyportProcess, text: string): Promise<void> =>
      vi.waitFor(() => expect(child.output()).toContain(text), patience);

    const kept = tellingServe('--name', 'kept', '--keep');
    await told(kept, 'When this command ends, kept stays in this profile and can be reached again');
    // Of steps that were seen together only the last one has a time.
    expect(kept.output().match(/✓ .*[0-9] m?s$/gm)?.length).toBeGreaterThan(0);
    const times = [...kept.output().matchAll(/✓ .*?([0-9.]+ m?s)$/gm)].map(([, time]) => time);
    expect(new Set(times).size).toBe(times.length);
    expect(await end(kept)).toBe(0);
    expect(kept.output()).toContain('kept stays in this profile');

    const holder = serve('--name', 'shared');
    await holder.event('serving');
    const other = tellingServe('--name', 'shared');
    await told(other, 'Ctrl-C withdraws it, unless another command serves it too.');
    const again = tellingServe('--name', 'kept');
    await told(again, 'When this command ends, kept stays published while the agent of this profile runs.');
    expect(await end(other)).toBe(0);
    expect(other.output()).toContain('shared stays published: another command serves it.');
    expect(await end(again)).toBe(0);
    expect(await end(holder)).toBe(0);
    expect(await end(playground)).toBe(0);
  });

  it('withdraws and ends when nobody reads its output any more', { timeout: 60_000 }, async ({ expect }) => {
    const { home, serve } = await makeWorld();
    const playground = home.run('playground', '--json');
    const kubeconfig = String((await playground.event('ready'))['kubeconfig']);
    const serving = serve('--name', 'piped');
    serving.stopReading();
    expect(await serving.exited).toBe(0);
    expect(await published(kubeconfig)).toEqual([]);
    expect(await end(playground)).toBe(0);
  });

  it('keeps connector, service and URL across restarts with --keep', { timeout: 60_000 }, async ({ expect }) => {
    const { home, serve, state } = await makeWorld();
    const first = serve('--name', 'kept', '--keep');
    const before = await first.event('serving');
    expect(await end(first)).toBe(0);
    await expect(visit(urlOf(before))).rejects.toThrow();

    // The next agent of the profile serves it again, whoever starts it.
    const agent = home.run('agent', '--json');
    await agent.event('ready');
    await vi.waitFor(async () => expect(await visit(urlOf(before))).toEqual({ status: 200, body }), patience);
    const { services, connector } = await state();
    expect(services).toMatchObject([{ name: 'kept', url: before['url'], ephemeral: false }]);
    expect(connector?.name).toBe(before['connector']);

    const web = home.run('web');
    expect(await web.exited).toBe(69);
    expect(web.output()).toContain('SP_WEB_NOT_SERVED');
    expect(await end(agent)).toBe(0);
  });

  it('recovers when engine, edge or control plane are killed', { timeout: 90_000 }, async ({ expect }) => {
    const { serve, state } = await makeWorld();
    const serving = serve('--name', 'demo');
    const url = urlOf(await serving.event('serving'));
    const answers = async (): Promise<void> => expect(await visit(url)).toEqual({ status: 200, body });
    await answers();
    const pidOf = (of: AgentState, part: string): number | null => {
      if (part === 'engine') return of.engine.pid;
      if (of.controlPlane.kind !== 'playground') return null;
      return of.controlPlane.parts.find(({ name }) => name === part)?.pid ?? null;
    };
    for (const part of ['engine', 'edge', 'control']) {
      const pid = pidOf(await state(), part);
      process.kill(pid ?? 0, 'SIGKILL');
      await vi.waitFor(async () => {
        const now = await state();
        expect(pidOf(now, part)).not.toBe(pid);
        expect(now.services).toMatchObject([{ name: 'demo', phase: 'ready' }]);
      }, patience);
      await vi.waitFor(answers, patience);
    }
    expect(await end(serving)).toBe(0);
  });

  it('says when it tries a crashing engine again, and tries at once when asked', { timeout: 60_000 }, async () => {
    const { home, serve, state } = await makeWorld();
    const serving = serve('--name', 'demo');
    const url = urlOf(await serving.event('serving'));
    const faulted = async (): Promise<AgentState> => {
      const now = await state();
      if (now.engine.phase === 'running' && now.engine.pid !== null) process.kill(now.engine.pid, 'SIGKILL');
      expect(now.engine.phase).toBe('faulted');
      return now;
    };
    const { engine, warnings } = await vi.waitFor(faulted, patience);
    expect(Date.parse(engine.retryAt ?? '')).toBeGreaterThan(Date.now() + 10_000);
    expect(warnings).toContainEqual(expect.objectContaining({ code: 'SP_ENGINE_FAULTED', severity: 'error' }));
    const status = home.run('status');
    await status.exited;
    expect(status.output()).toContain(`next attempt at ${engine.retryAt}`);

    const retry = home.run('retry', '--json');
    expect(await retry.exited).toBe(0);
    expect(retry.events).toEqual([{ event: 'retrying' }]);
    await vi.waitFor(async () => expect((await state()).services).toMatchObject([{ phase: 'ready' }]), patience);
    expect(await visit(url)).toEqual({ status: 200, body });
    expect(await end(serving)).toBe(0);
  });

  it('takes over from an agent that was killed, and cleans up after it', { timeout: 60_000 }, async ({ expect }) => {
    const { home, serve } = await makeWorld();
    const playground = home.run('playground', '--json');
    const kubeconfig = String((await playground.event('ready'))['kubeconfig']);
    const killed = serve('--name', 'orphan');
    const before = await killed.event('serving');
    killed.signal('SIGKILL');
    await killed.exited;
    expect(await published(kubeconfig)).toContain('HTTPProxy/orphan');
    const next = serve('--name', 'demo');
    expect((await next.event('serving'))['connector']).toBe(before['connector']);
    await vi.waitFor(
      async () => expect(await published(kubeconfig)).toEqual(['HTTPProxy/demo', 'ConnectorAdvertisement/demo']),
      patience,
    );
    expect(await end(next)).toBe(0);
    expect(await end(playground)).toBe(0);
  });

  it('takes the playground over from a process that was killed', { timeout: 60_000 }, async ({ expect }) => {
    const { home, serve } = await makeWorld();
    const playground = home.run('playground', '--json');
    await playground.event('ready');
    const serving = serve('--name', 'demo');
    const url = urlOf(await serving.event('serving'));
    playground.signal('SIGKILL');
    await playground.exited;
    await vi.waitFor(async () => expect(await visit(url)).toEqual({ status: 200, body }), patience);
    expect(await end(serving)).toBe(0);
  });

  it('goes on when the agent it was attached to ends', { timeout: 60_000 }, async ({ expect }) => {
    const { serve, state } = await makeWorld();
    const first = serve('--name', 'first');
    await first.event('serving');
    const second = serve('--name', 'second');
    const url = urlOf(await second.event('serving'));
    expect(await end(first)).toBe(0);
    await vi.waitFor(async () => {
      expect((await state()).services).toMatchObject([{ name: 'second', phase: 'ready' }]);
    }, patience);
    expect(await visit(url)).toEqual({ status: 200, body });
    expect(await end(second)).toBe(0);
  });

  it('says that the name of the service does not resolve', { timeout: 60_000 }, async ({ expect }) => {
    const { home } = await makeWorld();
    // RFC 6761 §6.4: no resolver knows a name below `invalid`.
    const serving = home.run('serve', 'nowhere.invalid:3000', '--json');
    expect(await serving.event('problem')).toMatchObject({
      problem: { code: 'SP_ORIGIN_NAME_UNKNOWN', title: 'The name in nowhere.invalid:3000 does not resolve' },
    });
    expect(await end(serving)).toBe(0);
  });

  it('refuses a name that stands for another service of the profile', { timeout: 60_000 }, async ({ expect }) => {
    const { home, serve } = await makeWorld();
    const holder = serve('--name', 'demo');
    await holder.event('serving');
    const other = home.run('serve', '1', '--name', 'demo');
    expect(await other.exited).toBe(65);
    expect(other.output()).toContain('SP_SERVICE_NAME_TAKEN');
    expect(await end(holder)).toBe(0);
  });

  it('says that nothing listens, and picks the service up when it starts', { timeout: 60_000 }, async ({ expect }) => {
    const { origin, port, serve } = await makeWorld();
    await new Promise((resolve) => origin.close(resolve));
    const serving = serve('--name', 'late');
    expect(await serving.event('problem')).toMatchObject({ problem: { code: 'SP_ORIGIN_REFUSED' } });
    expect(serving.events.some(({ event }) => event === 'serving')).toBe(false);
    await new Promise<void>((resolve) => origin.listen(port, '127.0.0.1', resolve));
    expect(await visit(urlOf(await serving.event('serving')))).toEqual({ status: 200, body });
    expect(await end(serving)).toBe(0);
  });
});

describe('discover', () => {
  it('says what listens, and what of it the agent exposes', { timeout: 60_000 }, async () => {
    const { home, port, serve } = await makeWorld();
    const asked = async (...args: readonly string[]): Promise<string> => {
      const child = home.run('discover', String(port), ...args);
      expect(await child.exited).toBe(0);
      return child.output();
    };
    const row = (exposedAs: string): RegExp =>
      new RegExp(`localhost:${port} +web +– +node \\(${process.pid}\\) .* this machine +${exposedAs}$`, 'm');
    expect(await asked()).toMatch(row('–'));
    expect(await asked()).toContain(`Expose one:  sallyport serve ${port}`);

    const serving = serve('--name', 'demo');
    await serving.event('serving');
    expect(await asked()).toMatch(row('demo'));
    expect(await asked()).not.toContain('Expose one');
    expect(JSON.parse(await asked('--json'))).toMatchObject({
      services: [{ port, kind: 'http', status: 200, suggestedName: 'demo', exposedAs: 'demo' }],
      omitted: 0,
    });
    expect(await end(serving)).toBe(0);
  });

  it('says that nothing listens', async () => {
    const { home, port, origin } = await makeWorld();
    await new Promise((resolve) => origin.close(resolve));
    const child = home.run('discover', String(port));
    expect(await child.exited).toBe(0);
    expect(child.output()).toBe(`Nothing that could be exposed listens on port ${port}.`);
  });
});

describe('status', () => {
  it('shows why the control plane cannot be used, and exits with the code of that', { timeout: 60_000 }, async () => {
    const { home, serve } = await makeWorld();
    const kubeconfig = join(home.path, 'kubeconfig');
    // Port 9 (discard) is closed on any machine that runs tests.
    await writeFile(
      kubeconfig,
      JSON.stringify({
        clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:9' } }],
        users: [{ name: 'u', user: { token: 't' } }],
        contexts: [{ name: 'away', context: { cluster: 'c', user: 'u' } }],
        'current-context': 'away',
      }),
    );
    const serving = serve('--name', 'demo', '--kubeconfig', kubeconfig);
    expect(await serving.event('problem')).toMatchObject({ problem: { code: 'SP_CONTROL_PLANE_UNREACHABLE' } });
    const status = home.run('status');
    expect(await status.exited).toBe(69);
    expect(status.output()).toMatch(/The control plane does not answer \(SP_CONTROL_PLANE_UNREACHABLE\): ./);
    expect(await end(serving)).toBe(0);
  });
});

describe('errors', () => {
  it.each([
    [['serve', '70000'], 64, 'SP_INPUT_PORT'],
    [['serve', '3000', '--name', 'Not A Name'], 64, 'SP_SERVICE_NAME_INVALID'],
    [['serve', '3000', '--kubeconfig', '/nonexistent'], 78, 'SP_KUBECONFIG_UNREADABLE'],
    [['discover', '3000', 'web'], 64, 'SP_INPUT_PORT'],
    [['discover', ...Array.from({ length: 33 }, () => '1')], 64, 'SP_INPUT_INVALID'],
    [['status'], 69, 'SP_AGENT_NOT_RUNNING'],
    [['retry'], 69, 'SP_AGENT_NOT_RUNNING'],
    [['web'], 69, 'SP_AGENT_NOT_RUNNING'],
    [['status', '--profile', '../other'], 64, 'SP_INPUT_PROFILE'],
    [['serve', 'localhost:3000/app'], 64, 'SP_INPUT_PATH'],
    [['serve', 'https://localhost:3000'], 64, 'SP_INPUT_SCHEME'],
    [['serve'], 64, "Missing required argument 'target'."],
    [['serve', '3000', '--nonsense'], 64, 'SP_USAGE'],
    [['nonsense'], 64, 'SP_USAGE'],
    [['--version'], 0, '0.'],
  ])('%j exits with %i and %s', async (args, code, text) => {
    const { home } = await makeWorld();
    const child = home.run(...args);
    expect(await child.exited).toBe(code);
    expect(child.output()).toContain(text);
  });

  it('runs a part by itself with its exit code', async () => {
    const { home } = await makeWorld();
    const child = home.run('control', '--config', join(home.path, 'missing.yaml'));
    expect(await child.exited).toBe(78);
  });
});
