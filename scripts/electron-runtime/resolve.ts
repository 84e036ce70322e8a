/**
 * The order in which an Electron is looked for. What it asks of disk, network and npm comes in, so that the order can
 * be tested by itself.
 */

export type ElectronSource = 'override' | 'official' | 'pinned';

export type FoundElectron = {
  /** Path of the executable. */
  readonly path: string;
  /** Folder of the executable with all that belongs to it. */
  readonly directory: string;
  readonly version: string;
  /** pinned: the Electron for tests and restricted networks, which is never shipped. */
  readonly source: ElectronSource;
};

/** No Electron here: why not, and what to do, for a person. */
export type NoElectron = { readonly reason: string };

export type ElectronLookup = {
  /** ELECTRON_OVERRIDE_DIST_PATH */
  readonly override: string | undefined;
  /** The folder of the official binary, or null. */
  findOfficial(): Promise<string | null>;
  /** Downloads the official binary; returns why it could not, or null. */
  downloadOfficial(): Promise<string | null>;
  /** The folder of the pinned binary, unpacked if necessary; rejects with the reason. */
  providePinned(): Promise<string>;
  /** Executable and version in a folder; null if there is no Electron in it. */
  inspect(directory: string): Promise<{ readonly path: string; readonly version: string } | null>;
  /** What the executable lacks on this system, or null. */
  provideLibraries(executable: string): Promise<string | null>;
  say(line: string): void;
};

async function locate(lookup: ElectronLookup): Promise<{ directory: string; source: ElectronSource } | NoElectron> {
  if (lookup.override !== undefined && lookup.override !== '') {
    return { directory: lookup.override, source: 'override' };
  }
  const present = await lookup.findOfficial();
  if (present !== null) return { directory: present, source: 'official' };

  lookup.say('Electron is not here yet; trying its official download.');
  const failure = await lookup.downloadOfficial();
  const downloaded = failure === null ? await lookup.findOfficial() : null;
  if (downloaded !== null) return { directory: downloaded, source: 'official' };

  const why = `The official Electron is not here: ${failure ?? 'its installer left nothing'}.`;
  lookup.say(`${why} Using the pinned one for restricted networks.`);
  try {
    return { directory: await lookup.providePinned(), source: 'pinned' };
  } catch (error) {
    const pinned = error instanceof Error ? error.message : String(error);
    const next = 'Run "npx install-electron" where the download can be reached, or set ELECTRON_OVERRIDE_DIST_PATH.';
    return { reason: `${why} ${pinned} ${next}` };
  }
}

/** Finds an Electron that can run here, or says why there is none. */
export async function resolveFrom(lookup: ElectronLookup): Promise<FoundElectron | NoElectron> {
  const located = await locate(lookup);
  if ('reason' in located) return located;
  const { directory, source } = located;
  const inspected = await lookup.inspect(directory);
  if (inspected === null) {
    const remedy = source === 'override' ? 'Correct or unset ELECTRON_OVERRIDE_DIST_PATH.' : `Remove it and try again.`;
    return { reason: `There is no working Electron in ${directory}. ${remedy}` };
  }
  const missing = await lookup.provideLibraries(inspected.path);
  return missing === null ? { ...inspected, directory, source } : { reason: missing };
}
