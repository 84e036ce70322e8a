/**
 * The forms in which objects are sent: as they are, as metadata only, or as the rows of a table. Chosen by `Accept`.
 */
import type { ResourceType } from '../resources/resource-type.ts';
import { versionOf, type StoredObject } from '../resources/stored-object.ts';
import { notAcceptable } from '../status-error.ts';
import { createTable, metadataOnly, type TableOptions } from './table.ts';

/** What a list says about itself. */
export type ListMetadata = {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
};

export type Representation = {
  object(object: StoredObject): unknown;
  list(objects: readonly StoredObject[], metadata: ListMetadata): unknown;
};

/** The first form in the `Accept` header that is served. Throws 406 where none is. */
export function representationFor(
  type: ResourceType,
  accept: string | undefined,
  options: TableOptions & { readonly now: number },
): Representation {
  for (const range of (accept ?? 'application/json').split(',')) {
    const [media = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    if (!['application/json', 'application/*', '*/*'].includes(media)) continue;
    const form = parameters.find((parameter) => parameter.startsWith('as='))?.slice(3);
    if (form === undefined) return whole(type);
    if (!parameters.includes('g=meta.k8s.io') || !parameters.includes('v=v1')) continue;
    if (form === 'table') return table(type, options);
    if (form === 'partialobjectmetadata') return partial();
    if (form === 'partialobjectmetadatalist') return partial();
  }
  throw notAcceptable('application/json');
}

function whole(type: ResourceType): Representation {
  return {
    object: (object) => object,
    list: (items, metadata) => ({ apiVersion: type.apiVersion, kind: type.listKind, metadata, items }),
  };
}

function partial(): Representation {
  return {
    object: metadataOnly,
    list: (objects, metadata) => ({
      kind: 'PartialObjectMetadataList',
      apiVersion: 'meta.k8s.io/v1',
      metadata,
      items: objects.map(metadataOnly),
    }),
  };
}

function table(type: ResourceType, options: TableOptions & { readonly now: number }): Representation {
  return {
    object: (object) => createTable(type, [object], { resourceVersion: versionOf(object) }, options),
    list: (objects, metadata) => createTable(type, objects, metadata, options),
  };
}
