import { expect, it } from 'vitest';

import { emptyDraft, readDraft } from './draft.ts';

const taken = new Set(['app-3000']);

it('asks for nothing while the address is missing or wrong', () => {
  expect(readDraft(emptyDraft, taken).request).toBeNull();
  expect(readDraft({ address: 'localhost', name: 'demo' }, taken).request).toBeNull();
});

it('proposes a free name until the person chooses one', () => {
  expect(readDraft({ address: ':3000', name: null }, taken).request).toEqual({
    host: 'localhost',
    port: 3000,
    name: 'app-3000-2',
  });
  expect(readDraft({ address: ':3000', name: 'demo' }, taken).request?.name).toBe('demo');
});

it('keeps a name that was emptied empty, and refuses it', () => {
  const reading = readDraft({ address: ':3000', name: '' }, taken);
  expect(reading).toMatchObject({ name: '', request: null });
  expect(reading.nameError).not.toBeNull();
});

it('refuses a name that is in use', () => {
  expect(readDraft({ address: ':9', name: 'app-3000' }, taken)).toMatchObject({ request: null });
});
