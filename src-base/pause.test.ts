/**
 * A wait that ends by its time, by impatience, or by the end of everything.
 */
import { expect, it } from 'vitest';

import { createManualClock } from './manual-clock.ts';
import { createPause } from './pause.ts';

it('lasts its time, unless it is cut short or its signal aborts', async () => {
  const clock = createManualClock();
  const ending = new AbortController();
  const pause = createPause({ clock, signal: ending.signal });
  const ended: string[] = [];
  const wait = (name: string): Promise<unknown> => pause.wait(1000).then(() => ended.push(name));

  const first = wait('time');
  clock.advance(999);
  await Promise.resolve();
  expect(ended).toEqual([]);
  clock.advance(1);
  await first;

  const second = wait('impatience');
  pause.cutShort();
  await second;

  const third = wait('abort');
  ending.abort();
  await third;
  await wait('aborted before');
  expect(ended).toEqual(['time', 'impatience', 'abort', 'aborted before']);
  expect(clock.pending).toBe(0);
});
