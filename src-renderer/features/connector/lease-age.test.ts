import { expect, it } from 'vitest';

import { leaseAge } from './lease-age.ts';

const renewedAt = '2026-01-01T00:00:00Z';
const at = Date.parse(renewedAt);

it('runs down and expires', () => {
  expect(leaseAge(renewedAt, 30, at + 4_900)).toMatchObject({ ageSeconds: 4, expired: false });
  expect(leaseAge(renewedAt, 30, at + 15_000).left).toBe(0.5);
  expect(leaseAge(renewedAt, 30, at + 41_000)).toEqual({ ageSeconds: 41, left: 0, expired: true });
});

it('takes a lease from a clock ahead of ours as just renewed', () => {
  expect(leaseAge(renewedAt, 30, at - 5_000)).toEqual({ ageSeconds: 0, left: 1, expired: false });
});
