/**
 * Who may import whom, and why the rest may not: docs/architecture.md as data.
 */

export type Part =
  | 'contract'
  | 'base'
  | 'kube'
  | 'tunnel'
  | 'main'
  | 'shell'
  | 'renderer'
  | 'edge'
  | 'control'
  | 'cli'
  | 'scripts'
  | 'bench'
  | 'e2e';

export type PartRule = {
  readonly folder: string;
  readonly may: readonly Part[];
  /** Why it imports no other part. */
  readonly because: string;
  /** Reasons for edges that are tempting. */
  readonly never?: Readonly<Partial<Record<Part, string>>>;
  /** Where the code runs; `none` has neither Node nor a page. */
  readonly environment: 'none' | 'node' | 'page';
  /** The npm packages it may use; without it, any that package.json lists. */
  readonly packages?: readonly string[];
};

export const importTable: Readonly<Record<Part, PartRule>> = {
  contract: {
    folder: 'src-contract',
    may: [],
    because: 'it is what the parts agree on; if it knew one of them, the others would come to know it too.',
    environment: 'none',
    packages: ['zod'],
  },
  base: {
    folder: 'src-base',
    may: [],
    because: 'primitives know nothing of what is built from them.',
    environment: 'none',
    packages: [],
  },
  kube: {
    folder: 'src-kube',
    may: ['contract', 'base'],
    because: 'agent and platform share it, so it belongs to neither.',
    environment: 'node',
  },
  tunnel: {
    folder: 'src-tunnel',
    may: ['contract', 'base'],
    because: 'the data plane gets its configuration as a message and would work in front of any control plane.',
    never: {
      kube: 'the engine knows nothing of Kubernetes, and must not carry its client in memory.',
      main: 'the engine is supervised by the agent and does not know it.',
    },
    environment: 'node',
  },
  main: {
    folder: 'src-main',
    may: ['contract', 'base', 'kube', 'tunnel'],
    because: 'the agent starts servers as processes of their own, by path.',
    never: {
      shell: 'the agent runs headless as well; the shell is wrapped around it.',
      edge: 'only the paths of its programs: the agent and the edge are on different sides of the tunnel.',
      control: 'only the path of its program: the agent sees any control plane through the Kubernetes API.',
      renderer: 'the window is a projection of the agent, never a part of it.',
    },
    environment: 'node',
  },
  shell: {
    folder: 'src-main/shell',
    may: ['contract', 'base', 'main'],
    because: 'it is a thin shell: what it needs it asks the agent for.',
    never: { renderer: 'the page reaches the app through the bridge only.' },
    environment: 'node',
  },
  renderer: {
    folder: 'src-renderer',
    may: ['contract'],
    because: 'the page runs in a sandbox and shows what the agent says.',
    never: { main: 'whatever the page needs travels through the contract.' },
    environment: 'page',
  },
  edge: {
    folder: 'src-edge',
    may: ['contract', 'base', 'kube', 'tunnel'],
    because: 'the platform serves agents of any make.',
    never: {
      main: 'the agent and the edge are on different sides of the tunnel.',
      control: 'the edge sees any control plane through the Kubernetes API.',
    },
    environment: 'node',
  },
  control: {
    folder: 'src-control',
    may: ['contract', 'base'],
    because: 'it serves resources whatever they mean.',
    never: { kube: 'a server that shares code with its client shares its mistakes, and tests would not see them.' },
    environment: 'node',
  },
  cli: {
    folder: 'src-cli',
    may: ['contract', 'base', 'main'],
    because: 'it composes the agent and starts the other programs by path.',
    never: { shell: 'the command line works without Electron.' },
    environment: 'node',
  },
  scripts: {
    folder: 'scripts',
    may: ['contract'],
    because: 'tools work on the source, not with the product.',
    environment: 'node',
  },
  bench: {
    folder: 'bench',
    may: ['contract', 'base', 'tunnel', 'e2e', 'scripts'],
    because: 'what is measured is the built product, from outside; of the tunnel, transports one by one.',
    environment: 'node',
  },
  e2e: {
    folder: 'e2e',
    may: ['contract', 'base'],
    because: 'what is tested is the built product, from outside.',
    environment: 'node',
  },
};

/** Outside the product, so that they may use what the tests use: certificates, relays, what is built. */
export const partsWithTestSupport: ReadonlySet<Part> = new Set(['bench']);

/** The only part that may import `electron`. */
export const electronPart: Part = 'shell';

/** Not a part of the product: the app inside a bare Electron, which is Electron's own elsewhere. */
export const bareElectronApp = 'scripts/electron-runtime/default-app/main.mjs';

/** Modules of the contract that validate at run time: their validator must not get into the page. */
export const validatingModules = ['src-contract/ipc/', 'src-contract/wire/'];

/** Names that say nothing about what is inside. */
export const emptyNames: ReadonlySet<string> = new Set([
  'util',
  'utils',
  'common',
  'misc',
  'shared',
  'manager',
  'managers',
  'helper',
  'helpers',
]);

/** A file that is longer holds more than one thing. Tests may be longer. */
export const maxLines = 400;

/** Files that load something whose name is known at run time only, and why. */
export const dynamicLoaders: ReadonlySet<string> = new Set([
  // Starts the built command line, or says that nothing is built.
  'src-cli/sallyport.mjs',
  // Loads the app that the command line names.
  bareElectronApp,
]);
