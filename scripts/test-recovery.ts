/**
 * `npm run test:recovery`: kill -9 of every process, each alone and in pairs, at rest and under load; about seven minutes.
 * `npm test` kills each alone, under load.
 */
import { run } from './test/run.ts';

const { code } = await run('recovery', ['vitest', 'run', 'src-cli/recovery'], { RECOVERY: 'whole' });
process.exitCode = code;
