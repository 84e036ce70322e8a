import { expect, test } from 'vitest';

import { createListeners } from './listeners.ts';

test('each listener hears each event until it is taken off', () => {
  const listeners = createListeners<number>();
  const seen: string[] = [];
  const remove = listeners.add((event) => seen.push(`a${event}`));
  listeners.add((event) => seen.push(`b${event}`));
  listeners.emit(1);
  remove();
  remove();
  listeners.emit(2);
  expect(seen).toEqual(['a1', 'b1', 'b2']);
});
