/**
 * Lists as `kubectl get` shows them: a meta.k8s.io/v1 Table with the type's printer columns.
 */
import type { JsonValue } from '../json.ts';
import type { PrinterColumn, ResourceType } from '../resources/resource-type.ts';
import type { StoredObject } from '../resources/stored-object.ts';

export type TableOptions = {
  /** How much of each object goes along with its row. */
  readonly include: 'None' | 'Metadata' | 'Object';
};

const nameColumn = { name: 'Name', type: 'string', format: 'name', description: 'Name of the object.', priority: 0 };

/** `now` is in milliseconds since the Unix epoch; ages are counted to it. */
export function createTable(
  type: ResourceType,
  objects: readonly StoredObject[],
  metadata: object,
  options: TableOptions & { readonly now: number },
): unknown {
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: [nameColumn, ...type.columns.map(({ values: _values, ...column }) => column)],
    rows: objects.map((object) => ({
      cells: [object.metadata.name, ...type.columns.map((column) => cell(column, object, options.now))],
      ...included(object, options.include),
    })),
  };
}

/** `object` as PartialObjectMetadata. */
export function metadataOnly(object: StoredObject): unknown {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
}

function included(object: StoredObject, include: TableOptions['include']): object {
  if (include === 'None') return {};
  if (include === 'Object') return { object };
  return { object: metadataOnly(object) };
}

function cell(column: PrinterColumn, object: StoredObject, now: number): JsonValue {
  const [value] = column.values(object);
  if (value === undefined || value === null) return column.type === 'date' ? '<unknown>' : null;
  if (column.type === 'date') return ageOf(value, now);
  if (column.type === 'string') return typeof value === 'string' ? value : JSON.stringify(value);
  return value;
}

function ageOf(timestamp: JsonValue, now: number): string {
  const at = typeof timestamp === 'string' ? Date.parse(timestamp) : Number.NaN;
  return Number.isNaN(at) ? '<invalid>' : duration(Math.max(0, now - at));
}

/** A duration in at most two units, coarser the longer it is: `42s`, `5m10s`, `3h`, `12d`. */
export function duration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  const two = (major: number, unit: string, minor: number, minorUnit: string): string =>
    minor === 0 ? `${major}${unit}` : `${major}${unit}${minor}${minorUnit}`;
  if (seconds < 120) return `${seconds}s`;
  if (minutes < 10) return two(minutes, 'm', seconds % 60, 's');
  if (hours < 3) return `${minutes}m`;
  if (hours < 8) return two(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  if (days < 8) return two(days, 'd', hours % 24, 'h');
  if (days < 365 * 2) return `${days}d`;
  return two(Math.floor(days / 365), 'y', days % 365, 'd');
}
