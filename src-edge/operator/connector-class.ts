/**
 * Sees to it that the ConnectorClass of this operator exists, so that connectors can name it.
 */
import type { Logger } from '#base/logger.ts';
import { sallyportClass } from '#contract/resources/kinds.ts';
import { kinds } from '#contract/resources/kinds.ts';
import { KubeError, type ObjectKey } from '#kube/client.ts';

import type { World } from './world.ts';

export const sallyportClassKey: ObjectKey = { namespace: null, name: sallyportClass.name };

export function createClassReconciler(world: World, log: Logger): (key: ObjectKey) => Promise<void> {
  return async (key) => {
    if (key.name !== sallyportClass.name) return;
    const present = world.classes.get(key);
    if (present !== undefined) {
      // Somebody's decision, perhaps another operator's; theirs to take back.
      if (present.spec.controllerName !== sallyportClass.controllerName) {
        log.warn('the connector class belongs to another controller', { controllerName: present.spec.controllerName });
      }
      return;
    }
    try {
      await world.kube.resource(kinds.connectorClass).create({
        apiVersion: 'networking.datumapis.com/v1alpha1',
        kind: 'ConnectorClass',
        metadata: { name: sallyportClass.name },
        spec: { controllerName: sallyportClass.controllerName },
      });
    } catch (error) {
      if (!(error instanceof KubeError && error.status === 409)) throw error;
    }
  };
}
