/**
 * `npm run build`: bundles every process and the window into dist/.
 *
 *   dist/node/*.mjs       processes, for Node 20 (Electron 33) and newer; nothing is read from node_modules at run time
 *   dist/node/preload.cjs the bridge between window and agent
 *   dist/renderer/        the window
 *   dist/crds/            resource definitions, which the embedded control plane reads
 */
import { cp, rm } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { join } from 'node:path';

import { build, type InlineConfig } from 'vite';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

const processes = {
  cli: 'src-cli/main.ts',
  control: 'src-control/main.ts',
  edge: 'src-edge/edge-main.ts',
  operator: 'src-edge/operator-main.ts',
  engine: 'src-tunnel/engine-main.ts',
  main: 'src-main/shell/main.ts',
};

const external = ['electron', /^node:/, ...builtinModules, 'bufferutil', 'utf-8-validate'];

/** What both kinds of Node bundles share. */
function nodeBundle(input: Record<string, string>, format: 'es' | 'cjs', entryFileNames: string): InlineConfig {
  return {
    root,
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    ssr: { noExternal: true, external: ['electron'] },
    build: {
      ssr: true,
      target: 'node20',
      outDir: join(dist, 'node'),
      emptyOutDir: false,
      minify: false,
      sourcemap: false,
      rolldownOptions: {
        input: Object.fromEntries(Object.entries(input).map(([name, file]) => [name, join(root, file)])),
        external,
        output: { format, entryFileNames, chunkFileNames: 'chunks/[name]-[hash].mjs' },
      },
    },
  };
}

await rm(dist, { recursive: true, force: true });
await Promise.all([
  build(nodeBundle(processes, 'es', '[name].mjs')),
  build(nodeBundle({ preload: 'src-main/shell/preload.ts' }, 'cjs', '[name].cjs')),
  build({
    configFile: join(root, 'src-renderer/vite.config.ts'),
    logLevel: 'warn',
    build: { outDir: join(dist, 'renderer'), emptyOutDir: true },
  }),
  cp(join(root, 'crds'), join(dist, 'crds'), { recursive: true }),
]);
