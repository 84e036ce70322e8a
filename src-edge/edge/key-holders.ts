/**
 * Which connector a public key belongs to: the first that proved it, for as long as it has that key.
 *
 * The control plane remembers it (`status.provenKey`, which the operator writes after an edge has vouched for the proof),
 * so that neither a restart of this edge nor another edge makes a later one the first.
 */
import type { Connector } from '#contract/resources/generated.ts';
import type { Informer } from '#kube/informer.ts';
import { isOlder } from '#kube/seniority.ts';

export type KeyHolders = {
  /** The uid of the connector that has `key`; undefined if nobody has proved it yet. */
  holderOf(key: string): string | undefined;
  /** The connector with `uid` has proved `key`. */
  proved(key: string, uid: string): void;
};

/** The public key that `connector` has published, or null. */
export function publishedKey(connector: Connector): string | null {
  return connector.status?.connectionDetails?.publicKey?.id.toLowerCase() ?? null;
}

export function createKeyHolders(connectors: Pick<Informer<Connector>, 'onChange'>): KeyHolders {
  /** Key → the uid that proved it here first. An entry lives as long as its connector has that key. */
  const seenHere = new Map<string, string>();
  /** Key → by uid, the connectors of which the control plane remembers that they proved it. */
  const remembered = new Map<string, Map<string, Connector>>();
  const rememberedKeys = new Map<string, string>();

  const forget = (uid: string): void => {
    const key = rememberedKeys.get(uid);
    if (key === undefined) return;
    rememberedKeys.delete(uid);
    const connectorsOfKey = remembered.get(key);
    connectorsOfKey?.delete(uid);
    if (connectorsOfKey?.size === 0) remembered.delete(key);
  };

  connectors.onChange((connector, change) => {
    const { uid = '' } = connector.metadata;
    const key = publishedKey(connector);
    for (const [held, holder] of seenHere) {
      if (holder === uid && (change === 'deleted' || (key !== null && key !== held))) seenHere.delete(held);
    }
    forget(uid);
    const proven = connector.status?.provenKey?.id.toLowerCase();
    if (change === 'deleted' || proven === undefined || (key !== null && key !== proven)) return;
    rememberedKeys.set(uid, proven);
    const connectorsOfKey = remembered.get(proven) ?? new Map<string, Connector>();
    remembered.set(proven, connectorsOfKey.set(uid, connector));
  });

  return {
    holderOf: (key) => {
      const [first] = [...(remembered.get(key)?.values() ?? [])].toSorted(byProof);
      return first?.metadata.uid ?? seenHere.get(key);
    },
    proved: (key, uid) => {
      seenHere.set(key, uid);
    },
  };
}

/** Whoever proved the key first; between two edges at the same moment, the older connector. */
function byProof(left: Connector, right: Connector): number {
  const since = ({ status }: Connector): string => status?.provenKey?.since ?? '';
  if (since(left) !== since(right)) return since(left) < since(right) ? -1 : 1;
  return isOlder(left, right) ? -1 : 1;
}
