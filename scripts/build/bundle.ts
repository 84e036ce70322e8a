/**
 * Bundles sources into `dist` with vite: programs for Node 20, the preload script, and the window.
 *
 * Everything from npm is bundled, so that the result runs without `node_modules`.
 */
import { isBuiltin } from 'node:module';

import { build, type InlineConfig, type Plugin, type Rolldown } from 'vite';

/** What is there at run time without being bundled. */
const provided = [
  'electron',
  // Optional natives of `ws`; it works without them and looks for them in a try block.
  'bufferutil',
  'utf-8-validate',
];

/** The oldest runtime of the product: Node 20.18 inside Electron 33. Lowers newer syntax. */
const nodeTarget = 'node20';

/**
 * node-fetch 2 uses `whatwg-url` only where Node has no URL class, and loading it makes newer versions of Node warn of
 * the deprecated `punycode`. Node's own classes stand in.
 */
const ownUrlClasses: Plugin = {
  name: 'sallyport:own-url-classes',
  enforce: 'pre',
  resolveId: (id) => (id === 'whatwg-url' ? '\0whatwg-url' : null),
  load: (id) => (id === '\0whatwg-url' ? 'export default { URL, URLSearchParams };' : null),
};

/** Gives the CommonJS packages inside an ES module the two names that CommonJS has and ES modules have not. */
const fileNames: Plugin = {
  name: 'sallyport:file-names',
  renderChunk(code, _chunk, { format }) {
    if (format !== 'es') return null;
    const names = ['filename', 'dirname'].filter((name) => new RegExp(`\\b__${name}\\b`).test(code));
    return names.map((name) => `const __${name} = import.meta.${name};\n`).join('') + code;
  },
};

/** Paths of the modules that went into a bundle. */
export type BundledModules = readonly string[];

function modulesOf(output: Awaited<ReturnType<typeof build>>): BundledModules {
  const outputs = (Array.isArray(output) ? output : [output]).filter((item) => 'output' in item);
  return outputs.flatMap(({ output: files }: Rolldown.RolldownOutput) =>
    files.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : [])),
  );
}

function nodeConfig(options: {
  readonly root: string;
  readonly outDir: string;
  readonly input: Readonly<Record<string, string>>;
  readonly output: Rolldown.OutputOptions;
}): InlineConfig {
  const { root, outDir, input, output } = options;
  return {
    configFile: false,
    root,
    logLevel: 'warn',
    publicDir: false,
    plugins: [ownUrlClasses, fileNames],
    ssr: { noExternal: true, external: provided, target: 'node' },
    build: {
      ssr: true,
      target: nodeTarget,
      outDir,
      emptyOutDir: false,
      // Stack traces in logs stay readable; nobody downloads these files.
      minify: false,
      reportCompressedSize: false,
      rolldownOptions: {
        input,
        external: (id: string) => provided.includes(id) || isBuiltin(id),
        output,
        onLog(level, log, handler) {
          // A package marked a call pure in a place where it has no effect.
          if (log.code !== 'INVALID_ANNOTATION') handler(level, log);
        },
      },
    },
  };
}

/** Bundles `entries` (name → source) as ES modules; modules that several of them use go into shared chunks. */
export async function bundlePrograms(
  root: string,
  outDir: string,
  entries: Readonly<Record<string, string>>,
): Promise<BundledModules> {
  return modulesOf(
    await build(
      nodeConfig({
        root,
        outDir,
        input: entries,
        output: {
          format: 'es',
          entryFileNames: '[name].mjs',
          // Beside the entries: a module finds `import.meta.dirname` the same wherever it ends up.
          chunkFileNames: 'chunk-[name]-[hash].mjs',
          // Node's advice on APIs that npm packages use is for us, who see it in the tests, not for who runs the program.
          banner: (chunk) => (chunk.isEntry ? 'process.noDeprecation = true;' : ''),
        },
      }),
    ),
  );
}

/** Bundles the preload script as one CommonJS file, all that Electron's sandbox loads. */
export async function bundlePreload(root: string, outDir: string, entry: string): Promise<BundledModules> {
  return modulesOf(
    await build(
      nodeConfig({
        root,
        outDir,
        input: { preload: entry },
        output: { format: 'cjs', entryFileNames: '[name].cjs', codeSplitting: false },
      }),
    ),
  );
}

/** Bundles the window as its own vite configuration says. */
export async function bundleRenderer(configFile: string, outDir: string): Promise<BundledModules> {
  return modulesOf(await build({ configFile, logLevel: 'warn', build: { outDir, emptyOutDir: true } }));
}
