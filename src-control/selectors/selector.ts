/**
 * Which objects a list or a watch is about.
 */
import { namespaceOf, type StoredObject } from '../resources/stored-object.ts';
import type { ResourceType } from '../resources/resource-type.ts';
import { parseFieldSelector } from './field-selector.ts';
import { parseLabelSelector } from './label-selector.ts';

export type Selector = (object: StoredObject) => boolean;

/** The selector of a query. Throws a 400 StatusError where a part of it is not understood. */
export function parseSelector(
  type: ResourceType,
  namespace: string | undefined,
  query: { readonly labelSelector: string; readonly fieldSelector: string },
): Selector {
  const labels = parseLabelSelector(query.labelSelector);
  const fields = parseFieldSelector(query.fieldSelector, type);
  return (object) => (namespace === undefined || namespaceOf(object) === namespace) && labels(object) && fields(object);
}
