/**
 * Which of two objects was there first: the same answer in every process and every run.
 */
import type { KubernetesObject } from '#contract/resources/object-meta.ts';

/** True if `left` was created before `right`; those of the same second are ordered by uid. */
export function isOlder(left: KubernetesObject, right: KubernetesObject): boolean {
  const rank = ({ metadata }: KubernetesObject): string => `${metadata.creationTimestamp ?? ''} ${metadata.uid ?? ''}`;
  return rank(left) < rank(right);
}
