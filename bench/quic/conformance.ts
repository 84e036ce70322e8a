/**
 * `npm run bench -- quic-conformance`: the tests that every QuicBackend must pass, on those that are only compared.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { repository } from '../../e2e/processes/sallyport.ts';

const vitest = join(repository, 'node_modules/vitest/vitest.mjs');
const { status } = spawnSync(
  process.execPath,
  [vitest, 'run', '--config', 'bench/quic/conformance.config.ts', ...process.argv.slice(3)],
  { cwd: repository, stdio: 'inherit' },
);
process.exitCode = status ?? 1;
