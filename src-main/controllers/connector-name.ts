/**
 * Which connector this agent is: the remembered one, one that carries our key, or a new name.
 */
import type { Connector } from '#contract/resources/generated.ts';
import { KubeError, type ResourceClient } from '#kube/client.ts';

import type { SavedConnector } from '../state/saved-state.ts';

const suffixAlphabet = 'bcdfghjkmnpqrstvwxyz23456789';
const suffixLength = 5;
/** `spec.connector.name` of an HTTPProxy holds at most 63 characters (a DNS label). */
const maxSlugLength = 63 - suffixLength - 1;

/** `<device>-<5 characters>`, a DNS label (RFC 1123). Without vowels, so that no word appears. */
function newConnectorName(deviceName: string, random: () => number): string {
  const slug = deviceName
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, maxSlugLength)
    .replace(/-+$/, '');
  const pick = (): string => suffixAlphabet[Math.floor(random() * suffixAlphabet.length)] ?? 'x';
  return `${slug === '' ? 'device' : slug}-${Array.from({ length: suffixLength }, pick).join('')}`;
}

async function listByKey(
  connectors: ResourceClient<Connector>,
  namespace: string,
  publicKey: string,
): Promise<readonly Connector[]> {
  try {
    const fieldSelector = `status.connectionDetails.publicKey.id=${publicKey}`;
    return (await connectors.list({ namespace, fieldSelector })).items;
  } catch (error) {
    // 400: a server without selectable fields for custom resources (before Kubernetes 1.31).
    if (!(error instanceof KubeError) || error.status !== 400) throw error;
    const { items } = await connectors.list({ namespace });
    return items.filter(({ status }) => status?.connectionDetails?.publicKey?.id === publicKey);
  }
}

/** The connector to be. Needs the control plane only if nothing is remembered; rejects with KubeError. */
export async function resolveConnector(options: {
  readonly connectors: ResourceClient<Connector>;
  readonly namespace: string;
  readonly saved: SavedConnector | undefined;
  readonly publicKey: string;
  readonly deviceName: string;
  readonly random: () => number;
}): Promise<SavedConnector> {
  const { connectors, namespace, saved, publicKey, deviceName, random } = options;
  if (saved !== undefined) return saved;
  const [own] = await listByKey(connectors, namespace, publicKey);
  if (own?.metadata.name !== undefined) return { name: own.metadata.name, uid: own.metadata.uid ?? null };
  return { name: newConnectorName(deviceName, random), uid: null };
}
