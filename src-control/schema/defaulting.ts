/**
 * Fills in the defaults of a structural schema, from the outside in: a default may bring members with defaults of
 * their own.
 */
import { isArray, isObject, type JsonObject, type JsonValue } from '../json.ts';
import type { Schema } from './structural-schema.ts';

/** The value with defaults where members are missing. Null where null is not allowed stands for "missing". */
export function withDefaults(value: JsonValue, schema: Schema): JsonValue {
  if (isArray(value)) {
    const { items } = schema;
    return items === undefined ? value : value.map((item) => withDefaults(item, items));
  }
  return isObject(value) ? defaultObject(value, schema) : value;
}

function defaultObject(object: JsonObject, schema: Schema): JsonObject {
  const properties = schema.properties ?? {};
  const filled: [string, JsonValue][] = [];
  for (const [name, value] of Object.entries(object)) {
    const isProperty = Object.hasOwn(properties, name);
    const known = isProperty ? properties[name] : otherMembers(schema);
    if (value === null && isProperty && known?.nullable !== true) continue;
    filled.push([name, known === undefined ? value : withDefaults(value, known)]);
  }
  const present = new Set(filled.map(([name]) => name));
  for (const [name, known] of Object.entries(properties)) {
    if (present.has(name) || known.default === undefined) continue;
    filled.push([name, withDefaults(known.default, known)]);
  }
  return Object.fromEntries(filled);
}

function otherMembers(schema: Schema): Schema | undefined {
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}
