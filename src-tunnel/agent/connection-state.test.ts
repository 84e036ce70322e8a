/**
 * The connection's life cycle over all sequences of events, not only the expected ones.
 */
import { array, assert, constantFrom, property } from 'fast-check';
import { expect, test } from 'vitest';

import { transition, type ConnectionEvent, type ConnectionPhase } from './connection-state.ts';

const events: readonly ConnectionEvent[] = [
  'start',
  'secured',
  'admitted',
  'refused',
  'lost',
  'settled',
  'edgeDrains',
  'retryDue',
  'configured',
  'stop',
];

test('whatever happens: one link at a time, one retry at a time, and closed is closed', () => {
  assert(
    property(array(constantFrom(...events), { maxLength: 60 }), (sequence) => {
      let phase: ConnectionPhase = 'idle';
      let links = 0;
      let retries = 0;
      for (const event of sequence) {
        const next = transition(phase, event);
        if (next === null) continue;
        expect(phase).not.toBe('closed');
        if (event === 'lost') links -= 1;
        if (event === 'retryDue') retries -= 1;
        for (const effect of next.effects) {
          if (effect === 'dial') links += 1;
          if (effect === 'abandon' || effect === 'retire') links -= 1;
          if (effect === 'cancelRetry') retries -= 1;
          if (effect === 'retryAfterLoss' || effect === 'retryAfterRefusal') retries += 1;
        }
        phase = next.phase;
        const hasLink = ['connecting', 'registering', 'connected', 'draining'].includes(phase);
        expect(links).toBe(hasLink ? 1 : 0);
        expect(retries).toBe(phase === 'waiting' || phase === 'refused' ? 1 : 0);
      }
    }),
  );
});

test('a refusal is retried slowly, and at once after a change of the configuration', () => {
  expect(transition('registering', 'refused')?.effects).toContain('retryAfterRefusal');
  expect(transition('refused', 'configured')?.effects).toEqual(['cancelRetry', 'dial']);
  expect(transition('waiting', 'configured')).toBeNull();
  expect(transition('connected', 'configured')).toBeNull();
});
