/**
 * Label selectors as queries carry them: `a=b,c!=d,e in (f,g),h notin (i),j,!k`.
 */
import { member, text } from '../json.ts';
import type { StoredObject } from '../resources/stored-object.ts';
import { badRequest } from '../status-error.ts';
import type { Selector } from './selector.ts';

const requirement =
  /\s*(?:(!)\s*(\w[\w./-]*)|(\w[\w./-]*)\s*(?:(==|=|!=)\s*([\w.-]*)|\s(in|notin)\s*\(([^()]*)\))?)\s*(?:,|$)/y;

/** Parses `selector`. Throws a 400 StatusError on what is none. */
export function parseLabelSelector(query: string): Selector {
  const selector = query.trim();
  const tests: Selector[] = [];
  requirement.lastIndex = 0;
  while (requirement.lastIndex < selector.length) {
    const at = requirement.lastIndex;
    const match = requirement.exec(selector);
    if (match === null) throw badRequest(`label selector "${selector}" is not understood at position ${at}`);
    tests.push(toTest(match));
  }
  return (object) => tests.every((test) => test(object));
}

function toTest(match: RegExpExecArray): Selector {
  const [, negation, absent, key = '', operator, value = '', setOperator, set = ''] = match;
  const label = (object: StoredObject, name: string): string | undefined =>
    text(member(object.metadata, 'labels'), name);
  if (negation !== undefined) return (object) => label(object, absent ?? '') === undefined;
  if (operator !== undefined) return (object) => (label(object, key) === value) === (operator !== '!=');
  if (setOperator !== undefined) {
    const values = new Set(set.split(',').map((each) => each.trim()));
    return (object) => {
      const found = label(object, key);
      return (found !== undefined && values.has(found)) === (setOperator === 'in');
    };
  }
  return (object) => label(object, key) !== undefined;
}
