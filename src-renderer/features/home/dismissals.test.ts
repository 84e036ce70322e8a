/**
 * What stays put away, and what comes back.
 */
import { expect, test } from 'vitest';

import type { HealthWarning } from '#contract/agent-state.ts';

import { readDismissals, type TextStorage } from './dismissals.ts';

const warning: HealthWarning = {
  code: 'SP_SECRETS_WEAK',
  title: 'The key is stored unencrypted',
  detail: 'It is in a file.',
  action: 'Use a keyring.',
  severity: 'info',
  since: '2026-01-01T00:00:00.000Z',
};

function memory(): TextStorage {
  const values = new Map<string, string>();
  return { getItem: (key) => values.get(key) ?? null, setItem: (key, value) => void values.set(key, value) };
}

test('a warning stays put away over restarts, until its words change', () => {
  const storage = memory();
  readDismissals(storage).with(warning);
  const later = readDismissals(storage);
  expect(later.covers({ ...warning, since: '2027-01-01T00:00:00.000Z' })).toBe(true);
  expect(later.covers({ ...warning, detail: 'It is in another file.' })).toBe(false);
  expect(readDismissals(memory()).covers(warning)).toBe(false);
});

test('what was put away can be brought back', () => {
  const storage = memory();
  readDismissals(storage).with(warning).without([warning]);
  expect(readDismissals(storage).covers(warning)).toBe(false);
});

test('what is broken right now cannot be put away', () => {
  const broken: HealthWarning = { ...warning, severity: 'error' };
  expect(readDismissals(memory()).with(broken).covers(broken)).toBe(false);
});

test('old ones are forgotten before the storage grows', () => {
  const storage = memory();
  let kept = readDismissals(storage);
  for (let i = 0; i < 60; i += 1) kept = kept.with({ ...warning, detail: `file ${i}` });
  expect(kept.covers({ ...warning, detail: 'file 9' })).toBe(false);
  expect(kept.covers({ ...warning, detail: 'file 59' })).toBe(true);
});

test.each(['no JSON', '{"a":1}', '[1,2]'])('what else may be in the storage does no harm: %s', (text) => {
  const storage: TextStorage = { getItem: () => text, setItem: () => {} };
  expect(readDismissals(storage).covers(warning)).toBe(false);
});

test('a storage that refuses only forgets', () => {
  const refuse = (): never => {
    throw new DOMException('denied', 'SecurityError');
  };
  const kept = readDismissals({ getItem: refuse, setItem: refuse }).with(warning);
  expect(kept.covers(warning)).toBe(true);
});
