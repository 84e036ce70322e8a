/**
 * Opening connections to backends within the time anybody waits.
 */
import { expect, test } from 'vitest';

import { createManualClock } from '#base/manual-clock.ts';

import { limits } from '../limits.ts';
import { createDialler, DialTimeout } from './dial.ts';

test.each(['tcp', 'tls'] as const)(
  'a resolver that does not answer is a time-out like any other (%s)',
  async (kind) => {
    const clock = createManualClock();
    const dialler = createDialler({ clock, lookup: () => new Promise(() => {}) });
    const opened = dialler[kind]({ host: 'slow.corp', port: 80 });
    clock.advance(limits.dialMs);
    await expect(opened).rejects.toBeInstanceOf(DialTimeout);
    expect(clock.pending).toBe(0);
  },
);
