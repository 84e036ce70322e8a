/**
 * JSON patch (RFC 6902) with JSON pointers (RFC 6901).
 */
import { equal, isArray, isObject, member, text, withMember, type JsonObject, type JsonValue } from '../json.ts';
import { badRequest, StatusError } from '../status-error.ts';

/** Most operations in one patch, and the deepest pointer: bounds the work of one request. */
const maxOperations = 10_000;
const maxDepth = 128;

/** Applies the operations in order. Throws 400 on what is no patch, 422 on what cannot be done to the document. */
export function applyJsonPatch(target: JsonValue, patch: JsonValue): JsonValue {
  if (!isArray(patch)) throw badRequest('a JSON patch is a list of operations');
  if (patch.length > maxOperations) throw badRequest(`a JSON patch has at most ${maxOperations} operations`);
  return patch.reduce(applyOperation, target);
}

function applyOperation(document: JsonValue, operation: JsonValue): JsonValue {
  if (!isObject(operation)) throw badRequest('an operation of a JSON patch is an object');
  const path = parsePointer(text(operation, 'path'));
  const name = text(operation, 'op');
  switch (name) {
    case 'add':
      return add(document, path, valueOf(operation));
    case 'remove':
      return remove(document, path);
    case 'replace':
      find(document, path);
      return path.length === 0 ? valueOf(operation) : add(remove(document, path), path, valueOf(operation));
    case 'move': {
      const from = parsePointer(text(operation, 'from'));
      const inItself = from.length < path.length && from.every((part, index) => part === path[index]);
      if (inItself) throw unfit('a value cannot be moved into itself');
      return add(remove(document, from), path, find(document, from));
    }
    case 'copy':
      return add(document, path, find(document, parsePointer(text(operation, 'from'))));
    case 'test':
      if (!equal(find(document, path), valueOf(operation))) throw unfit(`the test at /${path.join('/')} failed`);
      return document;
    case undefined:
    default:
      throw unfit(`there is no operation "${name ?? ''}"`);
  }
}

function valueOf(operation: JsonObject): JsonValue {
  const value = member(operation, 'value');
  if (value === undefined) throw badRequest('an operation of the JSON patch lacks its value');
  return value;
}

function unfit(message: string): StatusError {
  return new StatusError(422, 'Invalid', `the JSON patch does not fit the object: ${message}`);
}

function parsePointer(pointer: string | undefined): readonly string[] {
  if (pointer === undefined || (pointer !== '' && !pointer.startsWith('/'))) {
    throw badRequest('an operation of the JSON patch lacks a valid pointer');
  }
  const parts = pointer.split('/').slice(1);
  if (parts.length > maxDepth) throw badRequest(`a pointer of the JSON patch is deeper than ${maxDepth}`);
  return parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function find(document: JsonValue, path: readonly string[]): JsonValue {
  let value: JsonValue | undefined = document;
  for (const part of path) {
    value = isArray(value) ? value[indexOf(part, value.length)] : member(value, part);
    if (value === undefined) throw unfit(`there is nothing at /${path.join('/')}`);
  }
  return value;
}

/** RFC 6901 §4: digits without leading zeros. */
function indexOf(part: string, end: number): number {
  const index = Number(part);
  if (!/^(?:0|[1-9]\d*)$/.test(part) || index > end) throw unfit(`${part} is not an index of the list`);
  return index;
}

/** Rebuilds the containers along `path` around what `change` makes of the innermost one. */
function edit(
  document: JsonValue,
  path: readonly string[],
  change: (container: JsonValue, last: string) => JsonValue,
): JsonValue {
  const [head = '', ...rest] = path;
  if (rest.length === 0) return change(document, head);
  const inner = edit(find(document, [head]), rest, change);
  if (isArray(document)) return document.with(indexOf(head, document.length), inner);
  return withMember(document as JsonObject, head, inner);
}

function add(document: JsonValue, path: readonly string[], value: JsonValue): JsonValue {
  if (path.length === 0) return value;
  return edit(document, path, (container, last) => {
    if (isArray(container)) {
      return container.toSpliced(last === '-' ? container.length : indexOf(last, container.length), 0, value);
    }
    if (!isObject(container)) throw unfit(`nothing can be added at /${path.join('/')}`);
    return withMember(container, last, value);
  });
}

function remove(document: JsonValue, path: readonly string[]): JsonValue {
  if (path.length === 0) throw unfit('the whole object cannot be removed');
  find(document, path);
  return edit(document, path, (container, last) =>
    isArray(container)
      ? container.toSpliced(indexOf(last, container.length), 1)
      : withMember(container as JsonObject, last, undefined),
  );
}
