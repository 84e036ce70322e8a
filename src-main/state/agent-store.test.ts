/**
 * The saved state against a real folder: what survives, what is put aside, what does not happen.
 */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { systemClock } from '#base/clock.ts';
import { silentLogger } from '#base/logger.ts';
import { createManualClock } from '#base/manual-clock.ts';

import { openAgentStore, type AgentStore, type AgentStoreOptions } from './agent-store.ts';
import { profileDirectory } from './profile-directory.ts';
import { emptyState, type SavedService } from './saved-state.ts';

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sp-store-'));
  path = join(directory, 'state.json');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const open = (options: Partial<AgentStoreOptions> = {}): Promise<AgentStore> =>
  openAgentStore({ path, clock: systemClock, log: silentLogger, ...options });

const service = (name: string): SavedService => ({
  name,
  host: 'localhost',
  port: 3000,
  enabled: true,
  createdAt: '2026-01-01T00:00:00.000Z',
  removing: false,
});
const withService =
  (name: string) =>
  (state: AgentStore['saved']): AgentStore['saved'] => ({ ...state, services: [...state.services, service(name)] });

describe('agent store', () => {
  it('gives back what was saved, from a file only the owner may read', async () => {
    const store = await open();
    await store.update(withService('demo'));
    expect((await open()).saved.services).toEqual([service('demo')]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(directory)).toEqual(['state.json']);
  });

  it('loses no update when many are made at once', async () => {
    const store = await open();
    const names = Array.from({ length: 20 }, (_, index) => `s${index}`);
    await Promise.all(names.map((name) => store.update(withService(name))));
    expect((await open()).saved.services.map(({ name }) => name)).toEqual(names);
  });

  it.each(['{', '{"version":1}', '{"version":99}'])('keeps a damaged file aside and starts empty: %s', async (text) => {
    await writeFile(path, text);
    const store = await open();
    expect(store.saved).toEqual(emptyState);
    expect(await readFile(store.corruptBackup ?? '', 'utf8')).toBe(text);
    await store.update(withService('demo'));
    expect((await open()).corruptBackup).toBeNull();
  });

  it('brings a file of the first version up to date, and loses nothing of it', async () => {
    const old = {
      version: 1,
      controlPlane: { kind: 'kubeconfig', path: '/k', context: 'c' },
      connectors: { 'https://a default': { name: 'laptop-x', uid: 'u' } },
      services: [service('demo')],
    };
    await writeFile(path, JSON.stringify(old));
    const store = await open();
    expect(store).toMatchObject({ corruptBackup: null, saved: { ...old, version: 2, leftBehind: [] } });
    await store.update(withService('other'));
    expect((await open()).saved).toMatchObject({ version: 2, services: [service('demo'), service('other')] });
  });

  it('does not apply a change that cannot be written, and goes on with the next', async () => {
    let full = true;
    const written: string[] = [];
    const store = await open({
      write: (_path, content) => {
        if (full) return Promise.reject(new Error('ENOSPC: no space left on device'));
        written.push(content);
        return Promise.resolve();
      },
    });
    await expect(store.update(withService('demo'))).rejects.toMatchObject({ code: 'SP_STATE_NOT_SAVED' });
    expect(store.saved).toEqual(emptyState);
    full = false;
    await store.update(withService('other'));
    expect(store.saved.services.map(({ name }) => name)).toEqual(['other']);
    expect(written).toHaveLength(1);
  });
});

describe('a disk that refuses', () => {
  it('is asked again until it takes the state, and says meanwhile what is wrong', async () => {
    let refusal: NodeJS.ErrnoException | null = Object.assign(new Error('no space'), { code: 'ENOSPC' });
    const clock = createManualClock();
    const store = await open({
      clock,
      write: (file, content) => (refusal === null ? writeFile(file, content) : Promise.reject(refusal)),
    });
    const told: (string | undefined)[] = [];
    store.onProblem(() => told.push(store.problem?.detail));
    await expect(store.update(withService('demo'))).rejects.toMatchObject({ code: 'SP_STATE_NOT_SAVED' });
    expect(store.problem?.detail).toBe(`${path}: the disk is full.`);
    clock.advance(60_000);
    await store.update((saved) => saved);
    expect(store.problem).not.toBeNull();
    refusal = null;
    clock.advance(60_000);
    await store.update((saved) => saved);
    expect(store.problem).toBeNull();
    expect(told).toEqual([`${path}: the disk is full.`, undefined]);
    expect((await open()).saved).toEqual(emptyState);
    await store.close();
    expect(clock.pending).toBe(0);
  });

  it('is not taken for an empty one when the file cannot be read', async () => {
    const folder = join(directory, 'not-a-folder');
    await writeFile(folder, '');
    await expect(open({ path: join(folder, 'state.json') })).rejects.toMatchObject({ code: 'SP_STATE_UNREADABLE' });
  });

  it('leaves nothing of an earlier run that was killed while it wrote', async () => {
    await writeFile(`${path}.0f0f.tmp`, '{"half":');
    await writeFile(join(directory, 'other.tmp'), '');
    await open();
    expect(await readdir(directory)).toEqual(['other.tmp']);
  });
});

describe('profile directory', () => {
  const homeDirectory = '/home/me';
  it.each([
    [{ SALLYPORT_HOME: '/data' }, 'linux', '/data/profiles/default'],
    [{}, 'linux', '/home/me/.local/share/sallyport/profiles/default'],
    [{ XDG_DATA_HOME: '/xdg' }, 'linux', '/xdg/sallyport/profiles/default'],
    [{ XDG_DATA_HOME: 'relative' }, 'linux', '/home/me/.local/share/sallyport/profiles/default'],
    [{}, 'darwin', '/home/me/Library/Application Support/Sallyport/profiles/default'],
    [{ LOCALAPPDATA: 'C:\\Local' }, 'win32', 'C:\\Local\\Sallyport\\profiles\\default'],
  ] as const)('%j on %s is %s', (env, platform, expected) => {
    expect(profileDirectory('default', { env, platform, homeDirectory })).toBe(expected);
  });

  it.each(['..', 'a/b', '', '.hidden', 'a\\b'])('refuses “%s” as a profile', (profile) => {
    expect(() => profileDirectory(profile, { env: {}, platform: 'linux', homeDirectory })).toThrowError(
      expect.objectContaining({ code: 'SP_INPUT_PROFILE' }),
    );
  });
});
