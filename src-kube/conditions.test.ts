import { describe, expect, test } from 'vitest';

import type { Condition } from '#contract/resources/object-meta.ts';
import { findCondition, isTrue, withCondition } from './conditions.ts';

const at = (second: number): number => Date.UTC(2026, 0, 1, 0, 0, second);

const ready: Condition = {
  type: 'Ready',
  status: 'False',
  reason: 'Pending',
  message: 'not yet',
  observedGeneration: 1,
  lastTransitionTime: '2026-01-01T00:00:01.000Z',
};
const accepted: Condition = { ...ready, type: 'Accepted', status: 'True', reason: 'Accepted', message: '' };
const { lastTransitionTime: _time, ...readyNow } = ready;

describe('setting a condition', () => {
  test('adds it with the time', () => {
    expect(withCondition([accepted], readyNow, at(5))).toEqual([
      accepted,
      { ...readyNow, lastTransitionTime: '2026-01-01T00:00:05.000Z' },
    ]);
    expect(withCondition(undefined, readyNow, at(5))).toHaveLength(1);
  });

  test('moves the time when the status changes, and keeps the order', () => {
    expect(withCondition([ready, accepted], { ...readyNow, status: 'True' }, at(5))).toEqual([
      { ...ready, status: 'True', lastTransitionTime: '2026-01-01T00:00:05.000Z' },
      accepted,
    ]);
  });

  test.each([{ reason: 'Other' }, { message: 'other' }, { observedGeneration: 2 }])(
    'keeps the time when only %o changes',
    (change) => {
      expect(withCondition([ready], { ...readyNow, ...change }, at(5))).toEqual([{ ...ready, ...change }]);
    },
  );

  test('gives the same array back when nothing changes', () => {
    const conditions = [accepted, ready];
    expect(withCondition(conditions, readyNow, at(5))).toBe(conditions);
  });
});

test('a condition is found by its type', () => {
  expect(findCondition([accepted, ready], 'Ready')).toBe(ready);
  expect(findCondition([accepted], 'Ready')).toBeUndefined();
  expect(findCondition(undefined, 'Ready')).toBeUndefined();
});

describe('an object is true of a type', () => {
  const isAccepted = (condition: Condition | null, generation?: number): boolean =>
    isTrue(
      {
        metadata: generation === undefined ? {} : { generation },
        ...(condition === null ? {} : { status: { conditions: [condition] } }),
      },
      'Accepted',
    );

  test.each([
    ['True at its generation', accepted, 1, true],
    ['True before its present generation', accepted, 2, false],
    ['False', { ...accepted, status: 'False' as const }, 1, false],
    ['Unknown', { ...accepted, status: 'Unknown' as const }, 1, false],
    ['absent', null, 1, false],
    ['another', ready, 1, false],
  ])('%s', (_name, condition, generation, expected) => {
    expect(isAccepted(condition, generation)).toBe(expected);
  });

  test('True without a generation, where the writer does not say', () => {
    const { observedGeneration: _generation, ...unmarked } = accepted;
    expect(isAccepted(unmarked, 7)).toBe(true);
  });
});
