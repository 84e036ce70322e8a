import { expect, test } from 'vitest';

import { covers } from './covers.ts';

test.each([
  [{ a: 1, b: 2 }, { a: 1 }, true],
  [{ a: 1 }, { a: 1, b: 2 }, false],
  [[1, 2], [1], false],
  [[{ a: 1, extra: true }], [{ a: 1 }], true],
  [undefined, {}, false],
  [null, { a: 1 }, false],
  ['x', 'x', true],
])('%j says all of %j: %s', (actual, desired, expected) => {
  expect(covers(actual, desired)).toBe(expected);
});
