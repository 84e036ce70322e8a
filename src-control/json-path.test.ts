/**
 * The JSONPath subset of printer columns and selectable fields.
 */
import { describe, expect, test } from 'vitest';

import { parseJsonPath } from './json-path.ts';

const object = {
  spec: {
    ports: [
      { name: 'a', port: 1 },
      { name: 'b', port: 2, on: true },
    ],
    'dotted.name': 'x',
  },
  status: {
    conditions: [
      { type: 'Accepted', status: 'Unknown' },
      { type: 'Ready', status: 'True' },
    ],
  },
};

describe('JSONPath', () => {
  test.each([
    ['.spec.ports[1].port', [2]],
    ['.spec.ports[*].name', ['a', 'b']],
    ['.spec.ports[7].name', []],
    ['.status.conditions[?(@.type=="Ready")].status', ['True']],
    [`.status.conditions[?(@.type=='Ready')].status`, ['True']],
    ['.status.conditions[?(@.type!="Ready")].status', ['Unknown']],
    ['.spec.ports[?(@.port==2)].name', ['b']],
    ['.spec.ports[?(@.on==true)].name', ['b']],
    ['.spec.dotted\\.name', ['x']],
    [`.spec['dotted.name']`, ['x']],
    ['.spec.missing.deeper', []],
    ['.__proto__.constructor', []],
  ])('%s', (path, expected) => {
    expect(parseJsonPath(path)(object)).toEqual(expected);
  });

  test.each(['.a[', '.a[?(@.b)]', '..a', 'a', '.a]'])('%s is refused when it is parsed', (path) => {
    expect(() => parseJsonPath(path)).toThrow('is not understood');
  });
});
