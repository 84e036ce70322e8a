/**
 * A whole agent on a disk that fills up, becomes read-only, or holds damaged state: nothing is lost, it says what is
 * wrong, and goes on by itself.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { startTestControlPlane, type TestControlPlane } from '#control/test-control-plane.ts';

import { emptyState } from '../state/saved-state.ts';
import { mountSmallDisk, type SmallDisk } from '../testing/small-disk.ts';
import { openTestAgent } from '../testing/test-agent.ts';
import type { Agent } from './agent.ts';

const patience = { timeout: 15_000, interval: 20 };
const caller = { id: 'test', onGone: () => {} };

// Asked once, so that a machine that cannot mount one skips these tests and says why.
const trial = mountSmallDisk();
const why = typeof trial === 'string' ? trial : null;
if (typeof trial !== 'string') trial.remove();

describe.skipIf(why !== null)(`state on a small disk${why === null ? '' : ` (${why})`}`, () => {
  let disk: SmallDisk;
  let directory: string;
  let controlPlane: TestControlPlane;
  let agent: Agent | null = null;

  beforeEach(async () => {
    const mounted = mountSmallDisk();
    if (typeof mounted === 'string') throw new Error(mounted);
    disk = mounted;
    directory = join(disk.path, 'profile');
    controlPlane = await startTestControlPlane();
  });
  afterEach(async () => {
    await agent?.stop({ withdraw: 'none' });
    agent = null;
    await controlPlane.close();
    disk.remove();
  });

  const start = async (): Promise<Agent> => {
    agent = await openTestAgent({ directory });
    await agent.start();
    return agent;
  };
  const kubeconfig = (): Promise<string> => controlPlane.kubeconfigFile('agent');
  const use = async ({ handlers }: Agent): Promise<null> =>
    handlers.calls['controlPlane.useKubeconfig']({ path: await kubeconfig(), context: 'agent' }, caller);
  const expose = ({ handlers }: Agent, name: string): Promise<null> =>
    handlers.calls['service.expose']({ name, host: 'localhost', port: 3000 }, caller);
  const names = ({ state }: Agent): readonly string[] => state.services.map(({ name }) => name);
  const codes = ({ state }: Agent): readonly string[] => state.warnings.map(({ code }) => code);
  /** The agent is known to its control plane and has written that down. */
  const settled = (running: Agent): Promise<void> =>
    vi.waitFor(async () => {
      const uid = running.state.connector?.uid ?? '';
      expect(uid).not.toBe('');
      expect(await readFile(join(directory, 'state.json'), 'utf8')).toContain(uid);
    }, patience);

  it('goes on while the disk is full, refuses what it could not keep, and takes it once there is room', async () => {
    const running = await start();
    await use(running);
    await expose(running, 'before');
    await settled(running);
    disk.fill();
    await expect(expose(running, 'during')).rejects.toMatchObject({ code: 'SP_STATE_NOT_SAVED' });
    await vi.waitFor(() => expect(codes(running)).toContain('SP_STATE_NOT_SAVED'), patience);
    expect(running.state.warnings).toContainEqual(
      expect.objectContaining({ code: 'SP_STATE_NOT_SAVED', detail: expect.stringContaining('the disk is full') }),
    );
    expect(names(running)).toEqual(['before']);
    await vi.waitFor(() => expect(running.state.controlPlane).toMatchObject({ phase: 'connected' }), patience);
    // What is not to be kept needs no disk.
    await running.handlers.calls['service.expose'](
      { name: 'held', host: 'localhost', port: 4000, ephemeral: true },
      caller,
    );

    disk.makeRoom();
    await vi.waitFor(() => expect(codes(running)).not.toContain('SP_STATE_NOT_SAVED'), patience);
    await expose(running, 'during');
    const { connector } = running.state;
    await running.stop({ withdraw: 'none' });
    const again = await start();
    expect(names(again)).toEqual(['before', 'during']);
    await settled(again);
    expect(again.state.connector).toMatchObject({ name: connector?.name, uid: connector?.uid });
  });

  it('needs room only to become somebody on a new control plane, and does so as soon as there is some', async () => {
    const running = await start();
    disk.fill();
    await expect(use(running)).rejects.toMatchObject({ code: 'SP_STATE_NOT_SAVED' });
    expect(running.state.controlPlane).toEqual({ kind: 'none' });
    disk.makeRoom();
    await writeFile(
      join(directory, 'state.json'),
      JSON.stringify({
        ...emptyState,
        controlPlane: { kind: 'kubeconfig', path: await kubeconfig(), context: 'agent' },
      }),
    );
    await running.stop({ withdraw: 'none' });

    disk.fill();
    const again = await start();
    await vi.waitFor(
      () => expect(again.state.controlPlane).toMatchObject({ problem: { code: 'SP_STATE_NOT_SAVED' } }),
      patience,
    );
    disk.makeRoom();
    await settled(again);
    await vi.waitFor(
      () => expect(again.state.controlPlane).toMatchObject({ phase: 'connected', problem: null }),
      patience,
    );
  });

  it('says that the folder is read-only, at the start and while it runs', async () => {
    const running = await start();
    await use(running);
    await expose(running, 'before');
    await settled(running);
    disk.readOnly(true);
    await expect(expose(running, 'during')).rejects.toMatchObject({ code: 'SP_STATE_NOT_SAVED' });
    expect(running.state.warnings.find(({ code }) => code === 'SP_STATE_NOT_SAVED')?.detail).toContain('read-only');
    disk.readOnly(false);
    await vi.waitFor(() => expect(codes(running)).not.toContain('SP_STATE_NOT_SAVED'), patience);
    await running.stop({ withdraw: 'none' });
    agent = null;

    const path = join(directory, 'state.json');
    await writeFile(path, 'damaged');
    disk.readOnly(true);
    await expect(openTestAgent({ directory })).rejects.toMatchObject({ code: 'SP_STATE_NOT_SAVED' });
    await expect(openTestAgent({ directory: join(disk.path, 'other') })).rejects.toMatchObject({
      code: 'SP_STATE_NOT_SAVED',
    });
    disk.readOnly(false);
    expect(await readFile(path, 'utf8')).toBe('damaged');
  });

  it('keeps a damaged file aside and says where', async () => {
    await mkdir(directory, { mode: 0o700 });
    await writeFile(join(directory, 'state.json'), '{"version":2,');
    const running = await start();
    const warning = running.state.warnings.find(({ code }) => code === 'SP_STATE_CORRUPT');
    const backup = /kept as (.*)\.$/.exec(warning?.detail ?? '')?.[1] ?? '';
    expect(await readFile(backup, 'utf8')).toBe('{"version":2,');
  });
});
