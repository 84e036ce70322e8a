/**
 * The command line as a script uses it: names, JSON and exit codes are a contract.
 */
import { execFileSync } from 'node:child_process';

import { chromium, expect, test } from '@playwright/test';

import { chromiumOptions } from '../drivers/chromium-driver.ts';
import { AppWindow } from '../objects/app-window.ts';
import { startHttpOrigin, type HttpOrigin } from '../origins/http-origin.ts';
import { makeHome, runSallyport, startSallyport, type PlaygroundReady, type Serving } from '../processes/sallyport.ts';
import { visit } from '../visitor/http-visitor.ts';

function kubectl(kubeconfig: string, ...args: string[]): string {
  return execFileSync('kubectl', ['--kubeconfig', kubeconfig, ...args], { encoding: 'utf8' });
}

let home: Awaited<ReturnType<typeof makeHome>>;
let origin: HttpOrigin;

test.beforeEach(async () => {
  home = await makeHome();
  origin = await startHttpOrigin();
});

test.afterEach(async () => {
  await origin.close();
  await home.remove();
});

test('serve publishes a port, answers at its URL, and withdraws it on SIGINT', async () => {
  const playground = startSallyport(home.path, ['playground', '--json']);
  const ready = await playground.event<PlaygroundReady>('ready');
  const serve = startSallyport(home.path, ['serve', String(origin.port), '--name', 'demo', '--json']);
  const serving = await serve.event<Serving>('serving');
  expect(serving.name).toBe('demo');
  expect(new URL(serving.url).origin).toBe(serving.url.replace(/\/$/, ''));
  expect(new URL(serving.url).port).toBe(new URL(ready.edge.http).port);
  expect(await visit(serving.url)).toMatchObject({
    status: 200,
    body: expect.stringContaining('Hello from the origin'),
  });

  const status = await runSallyport(home.path, ['status', '--json']);
  expect(status.code).toBe(0);
  expect(JSON.parse(status.stdout)).toMatchObject({ services: [{ name: 'demo', url: serving.url, phase: 'ready' }] });
  expect(kubectl(ready.kubeconfig, 'get', 'httpproxies', '-o', 'name')).toContain('/demo');
  expect(kubectl(ready.kubeconfig, 'wait', '--for=condition=Ready', 'connector', serving.connector)).toContain('met');

  expect(await serve.end('SIGINT')).toBe(0);
  expect(kubectl(ready.kubeconfig, 'get', 'httpproxies,connectoradvertisements', '-o', 'name')).toBe('');
  expect((await visit(serving.url)).status).toBe(421);
  expect(await playground.end('SIGINT')).toBe(0);
});

test('serve --keep leaves the service, and the next agent takes it up under the same URL and connector', async () => {
  const first = startSallyport(home.path, ['serve', String(origin.port), '--name', 'kept', '--keep', '--json']);
  const before = await first.event<Serving>('serving');
  expect(await first.end('SIGINT')).toBe(0);

  const again = startSallyport(home.path, ['serve', String(origin.port), '--name', 'kept', '--json']);
  const after = await again.event<Serving>('serving');
  expect(after).toEqual(before);
  expect(await again.end('SIGINT')).toBe(0);
});

test('a service that starts later is picked up by itself', async () => {
  const { port } = origin;
  await origin.close();
  const serve = startSallyport(home.path, ['serve', String(port), '--name', 'late', '--json']);
  const problem = await serve.event<{ problem: { code: string; action: string } }>('problem');
  expect(problem.problem.code).toBe('SP_ORIGIN_REFUSED');
  expect(problem.problem.action).toContain(String(port));
  origin = await startHttpOrigin(port);
  const serving = await serve.event<Serving>('serving');
  expect((await visit(serving.url)).status).toBe(200);
  expect(await serve.end('SIGINT')).toBe(0);
});

test('bad input is refused at once with a code and the next step', async () => {
  const port = await runSallyport(home.path, ['serve', '70000']);
  expect(port.code).toBe(64);
  expect(port.stderr).toContain('SP_INPUT_PORT');
  const name = await runSallyport(home.path, ['serve', '3000', '--name', 'Not A Name']);
  expect(name.code).toBe(64);
  expect(name.stderr).toContain('SP_SERVICE_NAME_INVALID');
  const kubeconfig = await runSallyport(home.path, ['serve', '3000', '--kubeconfig', '/nonexistent']);
  expect(kubeconfig.code).toBe(78);
  expect(kubeconfig.stderr).toContain('SP_KUBECONFIG_UNREADABLE');
  const status = await runSallyport(home.path, ['status']);
  expect(status.code).toBe(69);
  expect(status.stderr).toContain('SP_AGENT_NOT_RUNNING');
});

test('a serve whose service is deleted elsewhere says so and ends', async () => {
  const agent = startSallyport(home.path, ['agent', '--web', '--json']);
  const { url } = await agent.event<{ url: string }>('web');
  expect(url).toContain('127.0.0.1');
  const serve = startSallyport(home.path, ['serve', String(origin.port), '--name', 'gone', '--json']);
  await serve.event<Serving>('serving');
  const browser = await chromium.launch(chromiumOptions);
  const page = await browser.newPage();
  await page.goto(url);
  await new AppWindow(page).deleteService('gone');
  expect(await serve.exited).not.toBe(0);
  expect(serve.output.join('\n')).toContain('SP_SERVICE_NOT_FOUND');
  await browser.close();
  expect(await agent.end('SIGTERM')).toBe(0);
});
