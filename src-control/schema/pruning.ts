/**
 * Drops what a structural schema does not know, as Kubernetes does, and says what was dropped.
 */
import { isArray, isObject, type JsonObject, type JsonValue } from '../json.ts';
import { itemPath, keepsUnknown, memberPath, memberSchema, type Schema } from './structural-schema.ts';

/** The value as the schema knows it; the paths of what it does not know are added to `unknown`. */
export function prune(value: JsonValue, schema: Schema, path: string, unknown: string[]): JsonValue {
  if (isArray(value)) {
    const { items } = schema;
    if (items === undefined) return value;
    return value.map((item, index) => prune(item, items, itemPath(path, index), unknown));
  }
  return isObject(value) ? pruneObject(value, schema, path, unknown) : value;
}

function pruneObject(object: JsonObject, schema: Schema, path: string, unknown: string[]): JsonObject {
  const kept: [string, JsonValue][] = [];
  for (const [name, value] of Object.entries(object)) {
    const known = memberSchema(schema, name);
    if (known !== undefined) kept.push([name, prune(value, known, memberPath(path, name), unknown)]);
    else if (keepsUnknown(schema)) kept.push([name, value]);
    else unknown.push(memberPath(path, name));
  }
  return Object.fromEntries(kept);
}
