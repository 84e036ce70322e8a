/**
 * Accepts advertisements whose connector exists, and has them go when it goes.
 */
import type { Clock } from '#base/clock.ts';
import type { ConnectorAdvertisement } from '#contract/resources/generated.ts';
import { kinds } from '#contract/resources/kinds.ts';
import type { OwnerReference } from '#contract/resources/object-meta.ts';
import type { ObjectKey } from '#kube/client.ts';
import { keyOf } from '#kube/object-key.ts';

import { ownerReferenceTo } from './lease-plan.ts';
import { writeStatus } from './status-writer.ts';
import { belongsToOthers, type World } from './world.ts';

/** The owners with `owner` as the controlling one; null if it is that already. */
export function withController(
  present: readonly OwnerReference[] | undefined,
  owner: OwnerReference,
): readonly OwnerReference[] | null {
  const references = present ?? [];
  if (references.some(({ uid, controller }) => uid === owner.uid && controller === true)) return null;
  // At most one owner may be the controlling one.
  const others = references
    .filter(({ uid }) => uid !== owner.uid)
    .map((reference) => (reference.controller === true ? { ...reference, controller: false } : reference));
  return [...others, owner];
}

export function createAdvertisementReconciler(options: {
  readonly world: World;
  readonly clock: Clock;
}): (key: ObjectKey) => Promise<void> {
  const { world, clock } = options;
  const advertisements = world.kube.resource(kinds.connectorAdvertisement);

  const own = async (advertisement: ConnectorAdvertisement, owner: OwnerReference): Promise<ConnectorAdvertisement> => {
    const ownerReferences = withController(advertisement.metadata.ownerReferences, owner);
    if (ownerReferences === null) return advertisement;
    const { resourceVersion } = advertisement.metadata;
    return advertisements.patch(keyOf(advertisement), { metadata: { resourceVersion, ownerReferences } });
  };

  return async (key) => {
    const advertisement = world.advertisements.get(key);
    if (advertisement === undefined || advertisement.metadata.deletionTimestamp !== undefined) return;
    const { name } = advertisement.spec.connectorRef;
    const connector = world.connectors.get({ namespace: key.namespace, name });
    if (connector === undefined || connector.metadata.deletionTimestamp !== undefined) {
      await writeStatus({
        resource: advertisements,
        object: advertisement,
        aspects: [
          {
            type: 'Accepted',
            status: 'False',
            reason: 'ConnectorNotFound',
            message: `Connector "${name}" not found`,
          },
        ],
        nowMs: clock.now(),
      });
      return;
    }
    if (belongsToOthers(world, connector)) return;
    await writeStatus({
      resource: advertisements,
      object: await own(advertisement, ownerReferenceTo(connector)),
      aspects: [
        {
          type: 'Accepted',
          status: 'True',
          reason: 'Accepted',
          message: `Connector "${name}" offers these addresses.`,
        },
      ],
      nowMs: clock.now(),
    });
  };
}
