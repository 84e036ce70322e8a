/**
 * JSON merge patch (RFC 7396).
 */
import { isObject, member, type JsonValue } from '../json.ts';

export function applyMergePatch(target: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (!isObject(patch)) return patch;
  const result = new Map<string, JsonValue>(isObject(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) result.delete(name);
    else result.set(name, applyMergePatch(isObject(target) ? member(target, name) : undefined, value));
  }
  return Object.fromEntries(result);
}
