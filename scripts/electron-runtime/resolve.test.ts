import { describe, expect, test } from 'vitest';

import { resolveFrom, type ElectronLookup } from './resolve.ts';

function lookupWith(given: Partial<ElectronLookup>): { readonly lookup: ElectronLookup; readonly steps: string[] } {
  const steps: string[] = [];
  const noted =
    <A extends readonly unknown[], R>(name: string, run: (...args: A) => R) =>
    (...args: A): R => {
      steps.push(name);
      return run(...args);
    };
  return {
    steps,
    lookup: {
      override: given.override,
      findOfficial: noted('find', given.findOfficial ?? (() => Promise.resolve(null))),
      downloadOfficial: noted('download', given.downloadOfficial ?? (() => Promise.resolve('it is blocked'))),
      providePinned: noted('pinned', given.providePinned ?? (() => Promise.resolve('/pinned'))),
      inspect: given.inspect ?? ((directory) => Promise.resolve({ path: `${directory}/electron`, version: '1.2.3' })),
      provideLibraries: given.provideLibraries ?? (() => Promise.resolve(null)),
      say: () => {},
    },
  };
}

describe('an Electron is looked for in this order', () => {
  test('what the environment names, and nothing else', async () => {
    const { lookup, steps } = lookupWith({ override: '/mine' });
    expect(await resolveFrom(lookup)).toEqual({
      path: '/mine/electron',
      directory: '/mine',
      version: '1.2.3',
      source: 'override',
    });
    expect(steps).toEqual([]);
  });

  test('the official binary that is there already', async () => {
    const { lookup, steps } = lookupWith({ findOfficial: () => Promise.resolve('/official') });
    expect(await resolveFrom(lookup)).toMatchObject({ directory: '/official', source: 'official' });
    expect(steps).toEqual(['find']);
  });

  test('the official download', async () => {
    const found: (string | null)[] = [null, '/official'];
    const { lookup, steps } = lookupWith({
      findOfficial: () => Promise.resolve(found.shift() ?? null),
      downloadOfficial: () => Promise.resolve(null),
    });
    expect(await resolveFrom(lookup)).toMatchObject({ directory: '/official', source: 'official' });
    expect(steps).toEqual(['find', 'download', 'find']);
  });

  test('the pinned one', async () => {
    const { lookup, steps } = lookupWith({});
    expect(await resolveFrom(lookup)).toMatchObject({ directory: '/pinned', source: 'pinned' });
    expect(steps).toEqual(['find', 'download', 'pinned']);
  });

  test('none: with both causes and the next step', async () => {
    const { lookup } = lookupWith({ providePinned: () => Promise.reject(new Error('npm is away.')) });
    const found = await resolveFrom(lookup);
    expect(found).toHaveProperty('reason');
    expect('reason' in found && found.reason).toMatch(/it is blocked.*npm is away.*install-electron/);
  });
});

describe('what was found must run', () => {
  test('an override without Electron in it is an error, not a reason to take another', async () => {
    const { lookup, steps } = lookupWith({ override: '/mine', inspect: () => Promise.resolve(null) });
    expect(await resolveFrom(lookup)).toEqual({
      reason: 'There is no working Electron in /mine. Correct or unset ELECTRON_OVERRIDE_DIST_PATH.',
    });
    expect(steps).toEqual([]);
  });

  test('missing libraries are named', async () => {
    const { lookup } = lookupWith({ provideLibraries: () => Promise.resolve('libnss3.so is missing.') });
    expect(await resolveFrom(lookup)).toEqual({ reason: 'libnss3.so is missing.' });
  });

  test('an empty override counts as none', async () => {
    const { lookup } = lookupWith({ override: '' });
    expect(await resolveFrom(lookup)).toMatchObject({ source: 'pinned' });
  });
});
