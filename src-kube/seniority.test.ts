import { expect, test } from 'vitest';

import { isOlder } from './seniority.ts';

const object = (creationTimestamp: string, uid: string) => ({
  apiVersion: 'v1',
  kind: 'X',
  metadata: { name: 'x', creationTimestamp, uid },
});

test('the earlier one is older, and of the same second always the same one', () => {
  const [early, late] = [object('2026-01-01T00:00:00Z', 'b'), object('2026-01-01T00:00:01Z', 'a')];
  const twin = object('2026-01-01T00:00:00Z', 'c');
  expect([isOlder(early, late), isOlder(late, early)]).toEqual([true, false]);
  expect([isOlder(early, twin), isOlder(twin, early), isOlder(early, early)]).toEqual([true, false, false]);
});
