/**
 * Conditions: setting one without losing when it last changed, and reading one without trusting a stale one.
 */
import { rfc3339 } from '#base/clock.ts';
import type { Condition, ObjectMeta } from '#contract/resources/object-meta.ts';

type WithConditions = {
  readonly metadata: ObjectMeta;
  readonly status?: { readonly conditions?: readonly Condition[] };
};

export function findCondition(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/**
 * `conditions` with `next` in it. `lastTransitionTime` moves only when `status` does. The same array comes back when
 * nothing changed, so that callers can skip a write.
 */
export function withCondition(
  conditions: readonly Condition[] | undefined,
  next: Omit<Condition, 'lastTransitionTime'>,
  nowMs: number,
): readonly Condition[] {
  const all = conditions ?? [];
  const known = findCondition(all, next.type);
  const same =
    known !== undefined &&
    known.status === next.status &&
    known.reason === next.reason &&
    known.message === next.message &&
    known.observedGeneration === next.observedGeneration;
  if (same) return all;
  const lastTransitionTime = known?.status === next.status ? known.lastTransitionTime : rfc3339(nowMs);
  const condition: Condition = { ...next, lastTransitionTime };
  return known === undefined ? [...all, condition] : all.map((other) => (other === known ? condition : other));
}

/** True if the condition is True and was observed at the object's present generation. */
export function isTrue(object: WithConditions, type: string): boolean {
  const condition = findCondition(object.status?.conditions, type);
  return (
    condition?.status === 'True' &&
    (condition.observedGeneration === undefined || condition.observedGeneration >= (object.metadata.generation ?? 0))
  );
}
