/**
 * The JSONPath subset of CustomResourceDefinitions: `.a.b`, `['a.b']`, `[0]`, `[*]` and `[?(@.type=="Ready")]`.
 */
import { isArray, isObject, member, type JsonValue } from './json.ts';

/** All values the path leads to, in document order. */
export type JsonPath = (value: JsonValue) => readonly JsonValue[];

type Step = (value: JsonValue) => readonly JsonValue[];

const tokens =
  /\.?\[\?\(@((?:\.[\w-]+)+)\s*(==|!=)\s*(?:"([^"]*)"|'([^']*)'|(-?\d+|true|false))\)\]|\.?\[(\d+)\]|\.?\[(\*)\]|\.?\[['"]([^'"]+)['"]\]|\.(\*)|\.((?:\\.|[^.[\]\\*])+)/y;

/** Parses `path`. Throws on what the subset does not know. */
export function parseJsonPath(path: string): JsonPath {
  const steps: Step[] = [];
  // Own position: a filter's path is parsed in the middle of this one.
  const token = new RegExp(tokens);
  while (token.lastIndex < path.length) {
    const at = token.lastIndex;
    const match = token.exec(path);
    if (match === null) throw new Error(`JSONPath ${path} is not understood at position ${at}`);
    steps.push(toStep(match));
  }
  return (value) => steps.reduce<readonly JsonValue[]>((values, step) => values.flatMap(step), [value]);
}

function toStep(match: RegExpExecArray): Step {
  const [, filterPath, operator, quoted, singleQuoted, bare, index, anyItem, bracketed, anyMember, name] = match;
  if (filterPath !== undefined) {
    const inner = parseJsonPath(filterPath);
    const wanted: JsonValue = quoted ?? singleQuoted ?? (JSON.parse(bare ?? 'null') as JsonValue);
    return (value) => children(value).filter((item) => inner(item).includes(wanted) === (operator === '=='));
  }
  if (index !== undefined) return (value) => (isArray(value) ? value.slice(Number(index), Number(index) + 1) : []);
  if (anyItem !== undefined || anyMember !== undefined) return children;
  return memberStep(bracketed ?? (name ?? '').replaceAll(/\\(.)/g, '$1'));
}

function memberStep(name: string): Step {
  return (value) => {
    const found = member(value, name);
    return found === undefined ? [] : [found];
  };
}

function children(value: JsonValue): readonly JsonValue[] {
  if (isArray(value)) return value;
  return isObject(value) ? Object.values(value) : [];
}
