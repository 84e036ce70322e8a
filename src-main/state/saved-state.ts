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

/** The only version so far; a higher one is not understood and counts as damaged. */
export const savedStateSchema = z.strictObject({
  version: z.literal(1),
  controlPlane: savedControlPlane,
  /** By control-plane key: the same profile is another connector on another control plane. */
  connectors: z.record(z.string(), savedConnector),
  services: z.array(savedService),
});
export type SavedState = {
  readonly version: 1;
  readonly controlPlane: SavedControlPlane;
  readonly connectors: Readonly<Record<string, SavedConnector>>;
  readonly services: readonly SavedService[];
};

export const emptyState: SavedState = { version: 1, controlPlane: { kind: 'none' }, connectors: {}, services: [] };
