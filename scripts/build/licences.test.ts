import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { collectLicences } from './licences.ts';

let folder = '';

async function addPackage(name: string, license: string | undefined): Promise<string> {
  const path = join(folder, 'node_modules', name);
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'package.json'), JSON.stringify({ name, version: '1.0.0', license }));
  await writeFile(join(path, 'LICENSE'), `The words of ${name}.`);
  return join(path, 'lib/index.js');
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sp-licences-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('each package is named once, with its licence and the words of it; our own modules are not', async () => {
  const one = await addPackage('@scope/one', 'MIT');
  const two = await addPackage('two', 'ISC');
  const text = await collectLicences([one, one.replace('index', 'other'), two, join(folder, 'src-base/clock.ts')]);
  expect(text.match(/@scope\/one 1\.0\.0 \(MIT\)/g)).toHaveLength(1);
  expect(text).toContain('The words of two.');
  expect(text).not.toContain('clock');
});

test.each([['GPL-3.0'], [undefined]])('a package under %s stops the build', async (license) => {
  const path = await addPackage('three', license);
  await expect(collectLicences([path])).rejects.toThrow(/three/);
});
