/**
 * `npm test`: the static checks, the unit and system tests, and the end-to-end suite in both drivers.
 *
 * Sets up what the suites need, runs all of them even when one fails, and closes with one line
 * `N passed, N failed[, N skipped]` counted from the runners' own reports. Exit code 0 only if nothing failed, the
 * desktop suite ran and, on linux-x64, the journey ran against a real Kubernetes API server and, in CI, QUIC was there.
 */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { resolveElectron } from './electron-runtime.ts';
import { ordinaryUserEnvironment } from './test/ordinary-user.ts';
import { run, type Outcome } from './test/run.ts';
import { installSystemPackages } from './test/system-packages.ts';
import { addTallies, emptyTally, tallyOfPlaywright, tallyOfVitest, type Tally } from './test/tally.ts';

const root = join(import.meta.dirname, '..');
const reports = join(root, 'test-results');

async function report<T>(file: string): Promise<T | null> {
  try {
    return JSON.parse(await readFile(join(reports, file), 'utf8')) as T;
  } catch {
    return null;
  }
}

/** A step without a report of its own counts as one test. */
function tallyOfStep(name: string, outcome: Outcome): Tally {
  const ok = outcome.code === 0;
  return { ...emptyTally, passed: ok ? 1 : 0, failed: ok ? 0 : 1, failures: ok ? [] : [name] };
}

/** A runner that failed without saying which test did (it crashed, or ran nothing) counts as one failure. */
function orCrash(name: string, outcome: Outcome, tally: Tally | null): Tally {
  if (tally === null || (outcome.code !== 0 && tally.failed === 0)) {
    return addTallies(tally ?? emptyTally, {
      ...emptyTally,
      failed: 1,
      failures: [`${name} ended with ${outcome.code}`],
    });
  }
  return tally;
}

await rm(reports, { recursive: true, force: true });
await mkdir(reports, { recursive: true });

installSystemPackages();
/** Where Rust is missing the product works, over HTTP/2 alone, and so do its tests; a build that is released must have it. */
const needsAddon = process.env['CI'] === 'true' && process.platform === 'linux' && process.arch === 'x64';
/** What `build-native.ts` ends with where there is no Rust: EX_UNAVAILABLE. */
const noCompiler = 69;
const addon = await run('QUIC addon', ['node', 'scripts/build-native.ts']);
const build = await run('build', ['node', 'scripts/build.ts']);
const check = await run('check', ['node', 'scripts/check.ts']);

/** What makes vitest print its progress, and write the report that is counted. */
const reporting = (file: string): string[] => [
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${join(reports, file)}`,
];
const unit = await run('unit and system tests', ['vitest', 'run', ...reporting('unit.json')]);

const electron = await resolveElectron();
const desktop = 'path' in electron;
if (!desktop) console.error(`The desktop suite cannot run: ${electron.reason}`);
// Electron's Node is older than ours and built on BoringSSL: what uses TLS and keys is tested there once more.
const inElectron = desktop
  ? await run(
      'tunnel, keys and probes in the Node of Electron',
      [
        electron.path,
        'node_modules/vitest/vitest.mjs',
        'run',
        'src-tunnel',
        'src-main/identity',
        'src-main/discovery/probes',
        // Starts the engine from its TypeScript source, which that Node cannot.
        '--exclude',
        'src-tunnel/engine-process.test.ts',
        ...reporting('electron.json'),
      ],
      { ELECTRON_RUN_AS_NODE: '1' },
    )
  : null;

// Elsewhere it may build as well, but nobody has tried.
const needsKubernetes = process.platform === 'linux' && process.arch === 'x64';
const needsServer = needsKubernetes && process.env['KUBEBUILDER_ASSETS'] === undefined;
if (!needsKubernetes) console.error('The tests against a real Kubernetes API server run on linux-x64 only.');
const server = needsServer ? await run('Kubernetes API server', ['node', 'e2e/kubernetes/build-server.ts']) : null;

// Without it the one test that visits it is skipped and says so.
if (process.platform !== 'win32') await run('JupyterLab', ['node', 'e2e/origins/install-jupyterlab.ts']);

const projects = [...(desktop ? ['electron'] : []), 'chromium', ...(needsKubernetes ? ['kubernetes'] : [])];
const endToEnd = await run(
  'end-to-end tests',
  ['playwright', 'test', '--config', 'e2e', ...projects.flatMap((project) => ['--project', project])],
  desktop
    ? {
        SALLYPORT_TEST_ELECTRON: electron.path,
        SALLYPORT_TEST_ELECTRON_FOLDER: electron.directory,
        ...ordinaryUserEnvironment(electron.path, root),
      }
    : {},
  { display: true },
);

const playwright = await report<Parameters<typeof tallyOfPlaywright>[0]>('e2e.json');

async function tallyOfUnitTests(name: string, outcome: Outcome, file: string): Promise<Tally> {
  const results = await report<Parameters<typeof tallyOfVitest>[0]>(file);
  return orCrash(name, outcome, results === null ? null : tallyOfVitest(results));
}
const tally = [
  ...(addon.code !== noCompiler || needsAddon ? [tallyOfStep('QUIC addon', addon)] : []),
  tallyOfStep('build', build),
  tallyOfStep('check', check),
  ...(server === null ? [] : [tallyOfStep('Kubernetes API server', server)]),
  await tallyOfUnitTests('vitest', unit, 'unit.json'),
  ...(inElectron === null ? [] : [await tallyOfUnitTests('vitest in Electron', inElectron, 'electron.json')]),
  orCrash('playwright', endToEnd, playwright === null ? null : tallyOfPlaywright(playwright)),
].reduce(addTallies, emptyTally);

/** A suite that must run and did not is a failure, however green the rest is. */
function missing(project: string): Tally {
  const ran = playwright !== null && tallyOfPlaywright(playwright, project).passed > 0;
  return ran ? emptyTally : { ...emptyTally, failed: 1, failures: [`no test of the ${project} suite passed`] };
}
const total = [tally, missing('electron'), ...(needsKubernetes ? [missing('kubernetes')] : [])].reduce(
  addTallies,
  emptyTally,
);

for (const failure of total.failures) console.log(`failed: ${failure}`);
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);
process.exitCode = total.failed === 0 ? 0 : 1;
