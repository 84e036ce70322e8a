import { expect, test } from 'vitest';

import type { HTTPProxy } from '#contract/resources/generated.ts';

import { proxyOf } from '../test-resources.ts';
import { createHostnames } from './hostnames.ts';

function proxy(name: string, uid: string, hostname?: string, created = '2026-01-01T00:00:00Z'): HTTPProxy {
  const made = proxyOf(name, 'laptop', 'http://127.0.0.1:3000');
  return {
    ...made,
    metadata: { ...made.metadata, uid, creationTimestamp: created },
    ...(hostname === undefined ? {} : { status: { canonicalHostname: hostname } }),
  };
}

test('the name of the proxy under the domain', () => {
  const one = proxy('shop', '1');
  expect(createHostnames(Math.random).assign(one, [one], 'localhost')).toBe('shop.localhost');
  expect(createHostnames(Math.random).assign(one, [one], null)).toBeNull();
});

test('a taken name gets a suffix, and two who ask at once get two names', () => {
  const hostnames = createHostnames(Math.random);
  const [first, second] = [proxy('shop', '1'), proxy('shop', '2')];
  const all = [first, second];
  expect(hostnames.assign(first, all, 'localhost')).toBe('shop.localhost');
  const other = hostnames.assign(second, all, 'localhost');
  expect(other).toMatch(/^shop-[b-df-hj-np-tv-z2-9]{5}\.localhost$/);
  // Asked again before either shows in the list, both keep theirs.
  expect(hostnames.assign(first, all, 'localhost')).toBe('shop.localhost');
  expect(hostnames.assign(second, all, 'localhost')).toBe(other);
});

test('what was assigned stays, whatever the domain of new names is', () => {
  const one = proxy('shop', '1', 'shop-old.example');
  expect(createHostnames(Math.random).assign(one, [one], 'localhost')).toBe('shop-old.example');
});

test('of two with the same hostname the older keeps it', () => {
  const older = proxy('a', '1', 'same.localhost', '2026-01-01T00:00:00Z');
  const younger = proxy('b', '2', 'same.localhost', '2026-01-02T00:00:00Z');
  const hostnames = createHostnames(Math.random);
  expect(hostnames.assign(younger, [older, younger], 'localhost')).toBe('b.localhost');
  expect(hostnames.assign(older, [older, younger], 'localhost')).toBe('same.localhost');
});

test('the name of a deleted proxy is free again', () => {
  const hostnames = createHostnames(Math.random);
  const first = proxy('shop', '1');
  hostnames.assign(first, [first], 'localhost');
  const next = proxy('shop', '2');
  expect(hostnames.assign(next, [next], 'localhost')).toBe('shop.localhost');
});

test('a long name stays a DNS label with its suffix', () => {
  const name = 'a'.repeat(63);
  const [first, second] = [proxy(name, '1', `${name}.localhost`), proxy(name, '2')];
  const hostname = createHostnames(Math.random).assign(second, [first, second], 'localhost');
  expect(hostname?.split('.')[0]).toHaveLength(63);
});
