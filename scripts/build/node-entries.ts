/**
 * The programs that run in Node or in Electron's main process: source of each, and its name in `dist/node`.
 */

/** Name of the bundle in `dist/node`, without `.mjs` → source. */
export const nodeEntries = {
  cli: 'src-cli/main.ts',
  control: 'src-control/main.ts',
  edge: 'src-edge/edge-main.ts',
  operator: 'src-edge/operator-main.ts',
  engine: 'src-tunnel/engine-main.ts',
  main: 'src-main/shell/main.ts',
} as const satisfies Readonly<Record<string, string>>;

export const preloadEntry = 'src-main/shell/preload.ts';
export const rendererConfig = 'src-renderer/vite.config.ts';
