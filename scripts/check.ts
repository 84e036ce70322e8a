/**
 * `npm run check`: everything that can be known without running the product. Exit code 0 only if all of it holds.
 */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

import { addonTarget } from './build/native-addon.ts';
import { runChecks, type Check } from './check/run-checks.ts';

const root = join(import.meta.dirname, '..');

/** Every tsconfig is a check of its own: each folder has its own environment. */
async function typeChecks(): Promise<Check[]> {
  const folders = ['.', ...(await readdir(root)).filter((name) => existsSync(join(root, name, 'tsconfig.json')))];
  const configs = folders.flatMap((folder) =>
    ['tsconfig.json', 'tsconfig.node.json']
      .map((name) => join(folder, name))
      .filter((file) => existsSync(join(root, file))),
  );
  return [...new Set(configs)].map((file) => ({ name: `types ${file}`, command: ['tsc', '-p', file] }));
}

/** The addon's checks, for those who build it: from nothing they compile all that it is made of. */
function rustChecks(): Check[] {
  if (!existsSync(join(root, addonTarget))) return [];
  const manifest = ['--manifest-path', 'native/quic/Cargo.toml'] as const;
  const lint = ['cargo', 'clippy', ...manifest, '--release', '--locked', '--target-dir', addonTarget] as const;
  return [
    { name: 'format of the addon', command: ['cargo', 'fmt', ...manifest, '--check'] },
    { name: 'lint of the addon', command: [...lint, '--', '-D', 'warnings'] },
  ];
}

const checks: readonly Check[] = [
  { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings'] },
  ...(await typeChecks()),
  ...rustChecks(),
  { name: 'unused code and packages', command: ['knip', '--no-progress'] },
  { name: 'who imports whom', command: ['node', 'scripts/arch-check.ts'] },
  { name: 'format', command: ['oxfmt', '--check', '.'] },
  { name: 'generated types', command: ['node', 'scripts/generate-resource-types.ts', '--check'] },
  { name: 'lines that hold the security', command: ['node', 'scripts/generate-security-lines.ts', '--check'] },
  { name: 'generated error list', command: ['node', 'scripts/generate-errors-doc.ts', '--check'] },
];

const results = await runChecks(root, checks, Math.max(2, availableParallelism()), ({ check, ok, seconds }) => {
  console.log(`${ok ? '✓' : '✗'} ${check.name} (${seconds.toFixed(1)} s)`);
});
const failed = results.filter(({ ok }) => !ok);
for (const { check, output } of failed) console.log(`\n── ${check.name}\n${output}`);
console.log(
  failed.length === 0 ? `\nAll ${results.length} checks hold.` : `\n${failed.length} of ${results.length} checks fail.`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
