/**
 * What only a real Electron can answer: isolation, navigation, the validated bridge, one instance, and an orderly end.
 */
import { readFile } from 'node:fs/promises';

import { electronUnderTest, launchElectron, startOf } from '../drivers/electron-driver.ts';
import { expect, test } from '../drivers/app-test.ts';
import { AppWindow } from '../objects/app-window.ts';
import { startChild } from '../processes/child.ts';
import { launcher, repository } from '../processes/sallyport.ts';

/** Process ids of `pid` and everything below it. */
async function processTree(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const below = await Promise.all(
    children
      .split(' ')
      .filter(Boolean)
      .map((child) => processTree(Number(child))),
  );
  return [pid, ...below.flat()];
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('the page is isolated: no Node, no way out, no inline code', async ({ home }) => {
  const app = await launchElectron(home);
  const { page } = app;
  await new AppWindow(page).expectFirstRun();
  expect(page.url()).toMatch(/^app:\/\/agent\//);
  const globals = await page.evaluate(() => ({
    process: typeof (globalThis as { process?: unknown }).process,
    require: typeof (globalThis as { require?: unknown }).require,
    bridge: Object.keys((globalThis as unknown as { agent: object }).agent).toSorted(),
  }));
  expect(globals).toEqual({ process: 'undefined', require: 'undefined', bridge: ['call', 'watch', 'watchLink'] });

  const attempts = await page.evaluate(async () => {
    const outcome = async (run: () => unknown): Promise<string> => {
      try {
        await run();
        return 'allowed';
      } catch {
        return 'refused';
      }
    };
    return {
      opensWindow: window.open('https://example.com') === null ? 'refused' : 'allowed',
      geolocation: await outcome(
        () => new Promise((resolve, reject) => navigator.geolocation.getCurrentPosition(resolve, reject)),
      ),
      inlineHtml: await outcome(() => {
        document.createElement('div').innerHTML = '<b>x</b>';
      }),
    };
  });
  expect(attempts).toEqual({ opensWindow: 'refused', geolocation: 'refused', inlineHtml: 'refused' });
  // Playwright waits for the refused navigation for ever, so the page itself is asked.
  const heading = (): Promise<string> =>
    page.evaluate(() => `${location.protocol} ${document.querySelector('h1')?.textContent}`);
  const before = await heading();
  await page.evaluate(() => {
    location.href = 'https://example.com/';
  });
  expect(await heading()).toBe(before);
  await app.quit();
});

test('the bridge refuses what the contract does not allow', async ({ launch }) => {
  const { page } = await launch();
  await new AppWindow(page).expectFirstRun();
  const codes = await page.evaluate(async () => {
    type Answer = { ok: boolean; problem?: { code: string } };
    const { agent } = globalThis as unknown as {
      agent: { call(name: string, params: unknown): Promise<Answer> };
    };
    const codeOf = async (name: string, params: unknown): Promise<string> => {
      const answer = await agent.call(name, params);
      return answer.ok ? 'accepted' : (answer.problem?.code ?? 'no code');
    };
    return [
      await codeOf('service.expose', { name: 'x', host: '127.0.0.1', port: 70_000 }),
      await codeOf('service.expose', { name: 'x', host: '127.0.0.1', port: 80, extra: true }),
      await codeOf('constructor', {}),
      await codeOf('service.expose', { name: 'x', host: '127.0.0.1', port: 80 }),
    ];
  });
  expect(codes).toEqual(['SP_INPUT_INVALID', 'SP_INPUT_INVALID', 'SP_INPUT_INVALID', 'SP_CONTROL_PLANE_NOT_CHOSEN']);
});

test('a second start ends at once and leaves the first one running', async ({ home }) => {
  const app = await launchElectron(home);
  await new AppWindow(app.page).expectFirstRun();
  const { executablePath, args, env } = startOf(electronUnderTest(), home, [repository]);
  const second = startChild(executablePath, args, { env });
  expect(await second.exited).toBe(0);
  await new AppWindow(app.page).expectFirstRun();
  await app.quit();
});

test('when the agent it was attached to is killed, the app runs the agent itself', async ({ home }) => {
  const { executablePath, env } = startOf(process.execPath, home, []);
  const other = startChild(executablePath, [launcher, 'agent', '--json'], { env });
  await other.event('ready');
  const app = await launchElectron(home);
  const window = new AppWindow(app.page);
  await window.expectFirstRun();
  await window.startPlayground();
  await window.expectEmptyHome();
  await window.openConnectorPage();
  await expect(app.page.getByText(`headless, process id ${other.pid}`)).toBeVisible();
  await other.end('SIGKILL');
  await expect(app.page.getByText(`app, process id ${app.electron.process().pid}`)).toBeVisible();
  await expect(app.page.getByRole('region', { name: 'Connection to the agent' })).toBeHidden();
  await window.openHome();
  await window.expectEmptyHome();
  await app.quit();
});

test('a killed engine is restarted, and quitting ends every process', async ({ home }) => {
  test.skip(process.platform !== 'linux', 'reads the process tree from /proc');
  const app = await launchElectron(home);
  const window = new AppWindow(app.page);
  await window.expectFirstRun();
  await window.startPlayground();
  await window.expectEmptyHome();
  await window.openConnectorPage();
  const engine = await window.enginePid();
  process.kill(engine, 'SIGKILL');
  await expect.poll(() => window.enginePid()).not.toBe(engine);

  const pids = await processTree(app.electron.process().pid ?? -1);
  expect(pids.length).toBeGreaterThan(4);
  await app.quit();
  await expect.poll(() => pids.filter(isAlive)).toEqual([]);
});
