/**
 * What a profile remembers between runs, as it stands in its JSON file. Shape only; files are the store's matter.
 */
import { z } from 'zod';

const savedControlPlane = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({ kind: z.literal('playground') }),
  z.strictObject({ kind: z.literal('kubeconfig'), path: z.string(), context: z.string() }),
]);
export type SavedControlPlane = Readonly<z.infer<typeof savedControlPlane>>;

const savedConnector = z.strictObject({
  name: z.string(),
  /** Null until the connector was seen: the name is remembered before the object is created. */
  uid: z.string().nullable(),
});
export type SavedConnector = Readonly<z.infer<typeof savedConnector>>;

const savedService = z.strictObject({
  name: z.string(),
  host: z.string(),
  port: z.int().min(1).max(65_535),
  enabled: z.boolean(),
  createdAt: z.string(),
  /** Deletion was asked for and is not finished; it goes on after a restart. */
  removing: z.boolean(),
});
export type SavedService = Readonly<z.infer<typeof savedService>>;

const savedLeftBehind = z.strictObject({
  /** Where they were published. */
  controlPlane: savedControlPlane,
  /** Names of services that may still be published there. */
  services: z.array(z.string()),
});
export type SavedLeftBehind = {
  readonly controlPlane: SavedControlPlane;
  readonly services: readonly string[];
};

const savedState = z.strictObject({
  version: z.literal(2),
  controlPlane: savedControlPlane,
  /** By control-plane key: the same profile is another connector on another control plane. */
  connectors: z.record(z.string(), savedConnector),
  services: z.array(savedService),
  /** What is still to be withdrawn from control planes that were left. */
  leftBehind: z.array(savedLeftBehind),
});
export type SavedState = {
  readonly version: 2;
  readonly controlPlane: SavedControlPlane;
  readonly connectors: Readonly<Record<string, SavedConnector>>;
  readonly services: readonly SavedService[];
  readonly leftBehind: readonly SavedLeftBehind[];
};

/** From each version to the next. What is missing afterwards is found by the schema. */
const migrations: Readonly<Record<number, (saved: object) => object>> = {
  1: (saved) => ({ ...saved, version: 2, leftBehind: [] }),
};

/** The state in a file's JSON, brought up to date. Throws on anything else, also on a version that is not known yet. */
export function readSavedState(json: unknown): SavedState {
  let saved: object & { readonly version: number } = z.looseObject({ version: z.int() }).parse(json);
  for (let migrate = migrations[saved.version]; migrate !== undefined; migrate = migrations[saved.version]) {
    saved = z.looseObject({ version: z.int() }).parse(migrate(saved));
  }
  return savedState.parse(saved);
}

export const emptyState: SavedState = {
  version: 2,
  controlPlane: { kind: 'none' },
  connectors: {},
  services: [],
  leftBehind: [],
};
