import { expect, it } from 'vitest';

import type { DiscoveredService } from '#contract/discovery.ts';

import { emptyDraft, pick, propose, readDraft, type Draft } from './draft.ts';

const taken = new Set(['app-3000']);
const typed = (address: string, name: string | null = null): Draft => ({ address, name, proposed: false });

const vite: DiscoveredService = {
  port: 5173,
  address: '127.0.0.1',
  openToNetwork: false,
  pid: 1,
  process: 'node',
  project: 'shop',
  kind: 'http',
  certain: true,
  secure: false,
  title: 'Shop',
  status: 200,
  product: null,
  group: 'web',
  suggestedTarget: { host: '127.0.0.1', port: 5173 },
  suggestedName: 'shop',
  exposedAs: null,
};

it('asks for nothing while the address is missing or wrong', () => {
  expect(readDraft(emptyDraft, taken).request).toBeNull();
  expect(readDraft(typed('localhost', 'demo'), taken).request).toBeNull();
});

it('proposes a free name until the person chooses one', () => {
  expect(readDraft(typed(':3000'), taken).request).toEqual({
    host: 'localhost',
    port: 3000,
    name: 'app-3000-2',
  });
  expect(readDraft(typed(':3000', 'demo'), taken).request?.name).toBe('demo');
});

it('keeps a name that was emptied empty, and refuses it', () => {
  const reading = readDraft(typed(':3000', ''), taken);
  expect(reading).toMatchObject({ name: '', request: null });
  expect(reading.nameError).not.toBeNull();
});

it('refuses a name that is in use', () => {
  expect(readDraft(typed(':9', 'app-3000'), taken)).toMatchObject({ request: null });
});

it('proposes what most likely is to be exposed, until the person decides', () => {
  const proposed = propose(emptyDraft, [vite]);
  expect(readDraft(proposed, taken, [vite])).toMatchObject({ found: vite, request: { port: 5173, name: 'shop' } });
  // It has ended meanwhile.
  expect(propose(proposed, []).address).toBe('');
  expect(propose(typed('4000'), [vite]).address).toBe('4000');
  expect(propose(pick(emptyDraft, vite), []).address).toBe('127.0.0.1:5173');
});

it('knows what listens at an address that was typed, and names it after that', () => {
  expect(readDraft(typed('5173'), taken, [vite])).toMatchObject({ found: vite, name: 'shop' });
  expect(readDraft(typed('5173'), new Set(['shop']), [vite]).name).toBe('app-5173');
  expect(readDraft(typed('10.0.0.7:5173'), taken, [vite])).toMatchObject({ found: null, name: 'host-5173' });
});
