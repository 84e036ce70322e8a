/**
 * `sallyport discover` on real services, and from what it finds to an address that answers. Asks the tests' own ports
 * only, since other programs of this machine need not be spoken to.
 */
import { expect, test } from '@playwright/test';

import type { DiscoveredService, Discovery } from '../../src-contract/discovery.ts';
import { startHttpOrigin, type HttpOrigin } from '../origins/http-origin.ts';
import { startRedis, type Redis } from '../origins/redis.ts';
import { startViteProject, type ViteProject } from '../origins/vite-project.ts';
import { makeHome, runSallyport, startSallyport, type Serving } from '../processes/sallyport.ts';
import { visit } from '../visitor/http-visitor.ts';

let home: Awaited<ReturnType<typeof makeHome>>;
let vite: ViteProject;
let web: HttpOrigin;
let redis: Redis;

test.beforeEach(async () => {
  home = await makeHome();
  [vite, web, redis] = await Promise.all([startViteProject(), startHttpOrigin(), startRedis()]);
});

test.afterEach(async () => {
  await Promise.all([vite.close(), web.close(), redis.close()]);
  await home.remove();
});

async function discovered(...ports: readonly number[]): Promise<readonly DiscoveredService[]> {
  const { code, stdout, stderr } = await runSallyport(home.path, ['discover', ...ports.map(String), '--json']);
  expect(code, stderr).toBe(0);
  return (JSON.parse(stdout) as Discovery).services;
}

test('discover tells services apart, web apps before others', async () => {
  const found = await discovered(redis.port, web.port, vite.port);
  expect(found.map(({ group }) => group)).toEqual(['web', 'web', 'service']);
  const on = (port: number): DiscoveredService | undefined => found.find((service) => service.port === port);
  expect(on(vite.port)).toMatchObject({ kind: 'http', title: 'Vite', process: 'node', openToNetwork: false });
  expect(on(web.port)).toMatchObject({ kind: 'http', title: 'Origin', process: 'node' });
  expect(on(redis.port)).toMatchObject({ kind: 'redis', certain: true, process: 'redis-server' });
  const { stdout } = await runSallyport(home.path, ['discover', String(redis.port), String(vite.port)]);
  expect(stdout).toMatch(new RegExp(`^localhost:${vite.port} +web +Vite +node .* this machine`, 'm'));
  expect(stdout).toMatch(new RegExp(`^localhost:${redis.port} +Redis +– +redis-server .* this machine`, 'm'));
  expect(stdout).toContain(`sallyport serve ${vite.port}`);
});

test('what discover suggests can be exposed as it is, and is then known', async () => {
  const [found] = await discovered(vite.port);
  const { host = '', port = 0 } = found?.suggestedTarget ?? {};
  const name = found?.suggestedName ?? '';
  const serve = startSallyport(home.path, ['serve', `${host}:${port}`, '--name', name, '--json']);
  const { url } = await serve.event<Serving>('serving');
  expect(await visit(url)).toMatchObject({ status: 200, body: expect.stringContaining('<title>Vite</title>') });
  expect(await discovered(vite.port)).toMatchObject([{ port: vite.port, suggestedName: name, exposedAs: name }]);
  expect(await serve.end('SIGINT')).toBe(0);
  expect(await discovered(vite.port)).toMatchObject([{ exposedAs: null }]);
});

test('discover keeps quiet about the agent itself', async () => {
  const agent = startSallyport(home.path, ['agent', '--web', '--json']);
  const { url } = await agent.event<{ url: string }>('web');
  expect(await discovered(Number(new URL(url).port), web.port)).toMatchObject([{ port: web.port }]);
  expect(await agent.end('SIGTERM')).toBe(0);
});
