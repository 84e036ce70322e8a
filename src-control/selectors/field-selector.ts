/**
 * Field selectors: `metadata.name`, `metadata.namespace` and what the type declares as selectable, with `=` and `!=`.
 */
import { text } from '../json.ts';
import { parseJsonPath, type JsonPath } from '../json-path.ts';
import type { ResourceType } from '../resources/resource-type.ts';
import { badRequest } from '../status-error.ts';
import type { Selector } from './selector.ts';

const always: ReadonlyMap<string, JsonPath> = new Map([
  ['metadata.name', parseJsonPath('.metadata.name')],
  ['metadata.namespace', parseJsonPath('.metadata.namespace')],
]);

/** Parses `selector`. Throws a 400 StatusError on syntax and on fields that cannot be selected by. */
export function parseFieldSelector(selector: string, type: ResourceType): Selector {
  const tests = selector
    .split(',')
    .filter((term) => term.trim() !== '')
    .map((term) => toTest(term, type));
  return (object) => tests.every((test) => test(object));
}

function toTest(term: string, type: ResourceType): Selector {
  const match = /^\s*([^=!\s]+)\s*(==|=|!=)(.*)$/.exec(term);
  const [, field = '', operator, value = ''] = match ?? [];
  if (match === null) throw badRequest(`field selector "${term}" is not understood`);
  const path = always.get(field) ?? type.selectable.get(field);
  if (path === undefined) throw badRequest(`field label not supported: ${field}`);
  return (object) => {
    const [found] = path(object);
    const shown = found === undefined ? '' : (text({ found }, 'found') ?? JSON.stringify(found));
    return (shown === value.trim()) === (operator !== '!=');
  };
}
