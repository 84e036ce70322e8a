/**
 * Writes docs/errors.md from the registry of error codes.
 *
 *   node scripts/generate-errors-doc.ts            writes it
 *   node scripts/generate-errors-doc.ts --check    exits 1 if it is not what the registry gives
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { errorRegistry, type ErrorClass } from '#contract/errors/registry.ts';

const target = join(import.meta.dirname, '../docs/errors.md');

const classes: Readonly<Record<ErrorClass, string>> = {
  transient: 'goes away by itself and is retried',
  user: 'needs a person',
  terminal: 'stays until the request changes',
  bug: 'should never be seen',
};

/** Placeholders as such, and no character that Markdown would take for itself. */
const words = (text: string): string => text.replaceAll(/\{(\w+)\}/g, '`$1`').replaceAll('|', '\\|');

const text = [
  '# Error codes',
  '',
  'Made from `src-contract/errors/registry.ts` by `npm run generate`; not to be edited. Codes are a contract: scripts',
  'may match them, and a code is never renamed. Words in `this type` stand for what the failure fills in.',
  '',
  ...Object.entries(errorRegistry).flatMap(([code, entry]) => [
    `## ${code}`,
    '',
    `**${words(entry.title)}.** ${words(entry.detail)}`,
    '',
    `What to do: ${words(entry.action)}`,
    '',
    `Class: ${entry.class} (${classes[entry.class]}).`,
    '',
  ]),
].join('\n');

if (process.argv.includes('--check')) {
  const current = await readFile(target, 'utf8').catch(() => '');
  if (current !== text) {
    console.error('docs/errors.md does not match src-contract/errors/registry.ts. Run: npm run generate');
    process.exitCode = 1;
  }
} else {
  await writeFile(target, text);
}
