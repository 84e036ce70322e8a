/**
 * Where the parts of the program lie, in a source tree and in a package. Pure: what Electron knows comes in.
 */
import { join } from 'node:path';

export type ProgramPaths = {
  /** Folder of the window's files. */
  readonly renderer: string;
  readonly preload: string;
  readonly assets: string;
  /** A plain Node binary. */
  readonly node: string;
  readonly crds: string;
  readonly engine: string;
  readonly entries: { readonly control: string; readonly operator: string; readonly edge: string };
};

export function programPaths(options: {
  readonly isPackaged: boolean;
  /** Folder (or archive) that holds the package.json of the app. */
  readonly appPath: string;
  readonly resourcesPath: string;
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
}): ProgramPaths {
  const { isPackaged, appPath, resourcesPath, platform, env } = options;
  const nodeName = platform === 'win32' ? 'node.exe' : 'node';
  const dist = join(appPath, 'dist');
  // Plain Node cannot read Electron's archives: what it runs or reads lies beside the archive.
  const outside = isPackaged ? join(resourcesPath, 'app.asar.unpacked', 'dist') : dist;
  const node = isPackaged
    ? join(resourcesPath, 'node', nodeName)
    : (env['SALLYPORT_NODE'] ?? env['npm_node_execpath'] ?? join(appPath, 'node_modules', '.bin', nodeName));
  return {
    renderer: join(dist, 'renderer'),
    preload: join(dist, 'node', 'preload.cjs'),
    assets: join(dist, 'assets'),
    node,
    crds: join(outside, 'crds'),
    engine: join(outside, 'node', 'engine.mjs'),
    entries: {
      control: join(outside, 'node', 'control.mjs'),
      operator: join(outside, 'node', 'operator.mjs'),
      edge: join(outside, 'node', 'edge.mjs'),
    },
  };
}
