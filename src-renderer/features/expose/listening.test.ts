import { describe, expect, it } from 'vitest';

import type { DiscoveredService } from '#contract/discovery.ts';

import { describeListening, likeliest, possibleFirst } from './listening.ts';

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
  suggestedTarget: { host: 'localhost', port: 5173 },
  suggestedName: 'shop',
  exposedAs: null,
};

describe('describeListening', () => {
  it('names a page by its title, and tells it from others', () => {
    expect(describeListening(vite)).toEqual({ title: 'Shop', details: ['node', 'shop'], obstacle: null });
    expect(describeListening({ ...vite, title: null, status: 404, openToNetwork: true })).toEqual({
      title: 'shop',
      details: ['node', 'answers 404', 'open to your network already'],
      obstacle: null,
    });
  });

  it('says when it only guesses', () => {
    const guessed: DiscoveredService = { ...vite, kind: 'redis', title: null, certain: false, group: 'service' };
    expect(describeListening(guessed).title).toBe('Probably Redis');
    expect(describeListening({ ...guessed, kind: 'unknown' }).title).toBe('Does not say what it is');
  });

  it.each<[Partial<DiscoveredService>, RegExp | null]>([
    [{ kind: 'unknown' }, null],
    [{ secure: true }, /HTTPS/],
    [{ kind: 'http2' }, null],
    [{ kind: 'postgresql' }, /HTTP only/],
    [{ kind: 'debugger' }, /controls/],
    [{ exposedAs: 'web' }, /“web”/],
  ])('%j: whether it can be exposed, and why not', (change, reason) => {
    const { obstacle } = describeListening({ ...vite, ...change });
    if (reason === null) expect(obstacle).toBeNull();
    else expect(obstacle).toMatch(reason);
  });
});

it('proposes the first web service that can be exposed, rather one that answers without an error', () => {
  const database: DiscoveredService = { ...vite, kind: 'postgresql', group: 'service' };
  const exposed: DiscoveredService = { ...vite, exposedAs: 'shop' };
  expect(likeliest([database, exposed, vite])).toBe(vite);
  expect(likeliest([database, exposed])).toBeUndefined();
  const broken: DiscoveredService = { ...vite, status: 404 };
  expect(likeliest([broken, vite])).toBe(vite);
  expect(likeliest([broken])).toBe(broken);
});

it('lists what can be exposed before what cannot', () => {
  const exposed: DiscoveredService = { ...vite, exposedAs: 'shop' };
  const other: DiscoveredService = { ...vite, port: 3000 };
  expect(possibleFirst([exposed, vite, other])).toEqual([vite, other, exposed]);
});
