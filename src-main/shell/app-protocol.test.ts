import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { createAppProtocol } from './app-protocol.ts';
import { isAppUrl } from './app-url.ts';

let folder = '';
let answer: (request: Request) => Promise<Response>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sp-protocol-'));
  await mkdir(join(folder, 'renderer/assets'), { recursive: true });
  await writeFile(join(folder, 'renderer/index.html'), '<!doctype html>');
  await writeFile(join(folder, 'renderer/assets/index.js'), 'export {};');
  await writeFile(join(folder, 'secret.json'), '{"secret":true}');
  await symlink(join(folder, 'secret.json'), join(folder, 'renderer/link.json'));
  answer = createAppProtocol(join(folder, 'renderer'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** A request as Electron hands it over; fetch's own Request refuses such schemes nowhere, but normalises the path. */
const ask = (url: string, method = 'GET'): Promise<Response> => answer({ url, method } as Request);

test('the window’s files are served with their types', async () => {
  const page = await ask('app://agent/');
  expect(page.status).toBe(200);
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(await page.text()).toBe('<!doctype html>');
  const script = await ask('app://agent/assets/index.js?v=1');
  expect(script.headers.get('content-type')).toMatch(/^text\/javascript/);
});

test.each([
  'app://agent/../secret.json',
  'app://agent/..%2fsecret.json',
  'app://agent/%2e%2e/secret.json',
  'app://agent/assets/..%2f..%2fsecret.json',
  'app://agent/..%5csecret.json',
  'app://agent/link.json',
  'app://agent/%00',
  'app://agent//etc/passwd',
  'app://agent/nothing.html',
])('nothing outside of the folder is served: %s', async (url) => {
  const response = await ask(url);
  expect(response.status).toBe(404);
  expect(await response.text()).toBe('');
});

test.each(['app://other/index.html', 'app://agent@other/', 'https://agent/index.html'])(
  'another origin is not answered: %s',
  async (url) => expect((await ask(url)).status).toBe(400),
);

test('only reading is answered', async () => {
  expect((await ask('app://agent/', 'POST')).status).toBe(405);
  const head = await ask('app://agent/', 'HEAD');
  expect(head.status).toBe(200);
  expect(await head.text()).toBe('');
});

test.each(['app://agent/', 'app://agent/nothing', 'app://other/', 'app://agent/assets/index.js'])(
  'every answer carries the policy: %s',
  async (url) => {
    const { headers } = await ask(url);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  },
);

test.each([
  ['app://agent/index.html', true],
  ['app://agent/#/connector', true],
  ['app://agent.example/', false],
  ['app://agent@example/', false],
  ['app://user@agent/', false],
  ['app://agent:1/', false],
  ['application://agent/', false],
  ['javascript:app://agent/', false],
  ['not an address', false],
])('%s is the app: %s', (url, expected) => expect(isAppUrl(url)).toBe(expected));
