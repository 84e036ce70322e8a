#!/usr/bin/env node
/**
 * Starts the built command line. Plain JavaScript, so that it runs before anything is built.
 */
import { existsSync } from 'node:fs';

const program = new URL('../dist/node/cli.mjs', import.meta.url);

if (existsSync(program)) {
  await import(program.href);
} else {
  process.stderr.write('Sallyport is not built yet.\n  Run “npm run build” in its folder, then try again.\n');
  process.exitCode = 69;
}
