/**
 * Where the other programs, the CRDs and the window lie, seen from this one: in `dist`, or as sources.
 */
import { extname, join } from 'node:path';

export type ProgramPaths = {
  readonly engine: string;
  readonly control: string;
  readonly operator: string;
  readonly edge: string;
  readonly crdsDirectory: string;
  readonly rendererDirectory: string;
  readonly packageFile: string;
};

/** `directory` and `file` are the running program's own: `dist/node/cli.mjs`, or `src-cli/main.ts` in development. */
export function programPaths(directory: string, file: string): ProgramPaths {
  if (extname(file) === '.ts') {
    const root = join(directory, '..');
    return {
      engine: join(root, 'src-tunnel/engine-main.ts'),
      control: join(root, 'src-control/main.ts'),
      operator: join(root, 'src-edge/operator-main.ts'),
      edge: join(root, 'src-edge/edge-main.ts'),
      crdsDirectory: join(root, 'crds'),
      rendererDirectory: join(root, 'dist/renderer'),
      packageFile: join(root, 'package.json'),
    };
  }
  const dist = join(directory, '..');
  return {
    engine: join(directory, 'engine.mjs'),
    control: join(directory, 'control.mjs'),
    operator: join(directory, 'operator.mjs'),
    edge: join(directory, 'edge.mjs'),
    crdsDirectory: join(dist, 'crds'),
    rendererDirectory: join(dist, 'renderer'),
    packageFile: join(dist, '../package.json'),
  };
}
