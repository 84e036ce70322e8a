/**
 * Ages as kubectl shows them.
 */
import { expect, test } from 'vitest';

import { duration } from './table.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

test.each([
  [0, '0s'],
  [119 * second, '119s'],
  [2 * minute, '2m'],
  [5 * minute + 10 * second, '5m10s'],
  [59 * minute, '59m'],
  [3 * hour + 5 * minute, '3h5m'],
  [30 * hour, '30h'],
  [3 * day + 4 * hour, '3d4h'],
  [100 * day, '100d'],
  [800 * day, '2y70d'],
])('%i ms is %s', (ms, shown) => {
  expect(duration(ms)).toBe(shown);
});
