/**
 * Writes a status when, and only when, it differs from what was read, and only onto the version that was read.
 */
import type { Condition, KubernetesObject } from '#contract/resources/object-meta.ts';
import { withCondition } from '#kube/conditions.ts';
import { KubeError, type ResourceClient } from '#kube/client.ts';
import { keyOf } from '#kube/object-key.ts';

/** A condition without the times and generations that the object supplies. */
export type Aspect = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

type WithStatus = KubernetesObject & { readonly status?: { readonly conditions?: readonly Condition[] } };

/** `object`'s conditions with `aspects` in them, observed at its generation. The same array if nothing changed. */
function conditionsWith(
  object: WithStatus,
  aspects: readonly Aspect[],
  nowMs: number,
): readonly Condition[] | undefined {
  const { generation } = object.metadata;
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  return aspects.reduce<readonly Condition[] | undefined>(
    (conditions, aspect) => withCondition(conditions, { ...aspect, ...observed }, nowMs),
    object.status?.conditions,
  );
}

/** `fields` are further members of the status; what already has its value is left out. Resolves to the present object. */
export async function writeStatus<T extends WithStatus>(options: {
  readonly resource: ResourceClient<T>;
  readonly object: T;
  readonly aspects: readonly Aspect[];
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly nowMs: number;
}): Promise<T> {
  const { resource, object, aspects } = options;
  const conditions = conditionsWith(object, aspects, options.nowMs);
  const present = (object.status ?? {}) as Readonly<Record<string, unknown>>;
  const changed = Object.fromEntries(
    Object.entries(options.fields ?? {}).filter(
      ([name, value]) => JSON.stringify(value) !== JSON.stringify(present[name]),
    ),
  );
  const status = { ...changed, ...(conditions === object.status?.conditions ? {} : { conditions }) };
  if (Object.keys(status).length === 0) return object;
  const { resourceVersion } = object.metadata;
  try {
    return await resource.patchStatus(keyOf(object), { metadata: { resourceVersion }, status });
  } catch (error) {
    // Deleted in the meantime: nobody is left to be told.
    if (error instanceof KubeError && error.status === 404) return object;
    throw error;
  }
}
