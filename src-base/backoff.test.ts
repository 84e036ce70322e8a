import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { createBackoff } from './backoff.ts';

const almostOne = 1 - Number.EPSILON;

test('the longest possible delay doubles until it reaches the cap', () => {
  const backoff = createBackoff({ firstMs: 100, capMs: 1000, random: () => almostOne });
  expect([1, 2, 3, 4, 5, 6].map(() => backoff.next())).toEqual([100, 200, 400, 800, 1000, 1000]);
});

test('a delay is never shorter than 50 ms, so that nothing spins', () => {
  const backoff = createBackoff({ firstMs: 100, capMs: 1000, random: () => 0 });
  expect([backoff.next(), backoff.next()]).toEqual([50, 50]);
});

test('starts over after a reset', () => {
  const backoff = createBackoff({ firstMs: 100, capMs: 1000, random: () => almostOne });
  backoff.next();
  backoff.next();
  expect(backoff.attempts).toBe(2);
  backoff.reset();
  expect(backoff.attempts).toBe(0);
  expect(backoff.next()).toBe(100);
});

test('stays finite and within the cap however often it is asked', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      fc.integer({ min: 50, max: 600_000 }),
      fc.array(fc.double({ min: 0, max: almostOne, noNaN: true }), { minLength: 1, maxLength: 100 }),
      (firstMs, capMs, randoms) => {
        let index = 0;
        const backoff = createBackoff({ firstMs, capMs, random: () => randoms[index++] ?? 0 });
        for (const _ of randoms) {
          const delay = backoff.next();
          expect(delay).toBeGreaterThanOrEqual(50);
          expect(delay).toBeLessThanOrEqual(capMs);
        }
      },
    ),
  );
});
