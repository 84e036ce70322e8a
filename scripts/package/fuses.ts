/**
 * Electron's fuses: switches in the executable that no one can turn without breaking its signature.
 */
import { flipFuses, FuseState, FuseV1Options, FuseVersion, getCurrentFuseWire } from '@electron/fuses';

/** release: what people run. test: the same, but drivable by Playwright. */
export type Flavour = 'release' | 'test';

/** Which fuse stands how. */
export function fusesOf(flavour: Flavour): Readonly<Record<FuseV1Options, boolean>> {
  return {
    // SECURITY: the executable of the app must not double as a Node that runs any script.
    [FuseV1Options.RunAsNode]: false,
    [FuseV1Options.EnableCookieEncryption]: true,
    // SECURITY: neither variables nor switches put code into the app. Playwright needs the latter.
    [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
    [FuseV1Options.EnableNodeCliInspectArguments]: flavour === 'test',
    // SECURITY: only the archive that was built is loaded (the check of its content: macOS and Windows).
    [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: true,
    [FuseV1Options.OnlyLoadAppFromAsar]: true,
    [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
    // SECURITY: no page of ours comes from file:, so it gets no rights of its own.
    [FuseV1Options.GrantFileProtocolExtraPrivileges]: false,
    [FuseV1Options.WasmTrapHandlers]: true,
  };
}

/** The fuses that `executable` has: an older Electron has fewer. */
async function fusesIn(executable: string): Promise<ReadonlySet<string>> {
  const { version: _version, ...wire } = await getCurrentFuseWire(executable);
  return new Set(Object.keys(wire));
}

/** Sets the fuses of `executable` and reads them back; throws if one does not stand as it should. */
export async function setFuses(executable: string, flavour: Flavour): Promise<void> {
  const present = await fusesIn(executable);
  const wanted = Object.entries(fusesOf(flavour)).filter(([fuse]) => present.has(fuse));
  await flipFuses(executable, {
    version: FuseVersion.V1,
    // A fuse that a newer Electron brings and nobody has thought about fails the build.
    strictlyRequireAllFuses: true,
    ...(Object.fromEntries(wanted) as Record<FuseV1Options, boolean>),
  });
  const after: Readonly<Record<string, unknown>> = { ...(await getCurrentFuseWire(executable)) };
  for (const [fuse, on] of wanted) {
    if (after[fuse] !== (on ? FuseState.ENABLE : FuseState.DISABLE)) throw new Error(`Fuse ${fuse} could not be set.`);
  }
}
