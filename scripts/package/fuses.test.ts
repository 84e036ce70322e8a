import { FuseV1Options } from '@electron/fuses';
import { expect, test } from 'vitest';

import { fusesOf } from './fuses.ts';

test('a release has every door closed', () => {
  const fuses = fusesOf('release');
  const on = Object.entries(fuses).flatMap(([fuse, value]) => (value ? [Number(fuse)] : []));
  expect(new Set(on)).toEqual(
    new Set([
      FuseV1Options.EnableCookieEncryption,
      FuseV1Options.EnableEmbeddedAsarIntegrityValidation,
      FuseV1Options.OnlyLoadAppFromAsar,
      FuseV1Options.WasmTrapHandlers,
    ]),
  );
});

test('a test package differs in nothing but what Playwright needs', () => {
  expect(fusesOf('test')).toEqual({
    ...fusesOf('release'),
    [FuseV1Options.EnableNodeCliInspectArguments]: true,
  });
});

test('every fuse is decided', () => {
  const known = Object.values(FuseV1Options).filter((value) => typeof value === 'number');
  expect(Object.keys(fusesOf('release'))).toHaveLength(known.length);
});
