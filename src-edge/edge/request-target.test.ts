import { assert, constantFrom, property, string } from 'fast-check';
import { expect, test } from 'vitest';

import { requestTarget } from './request-target.ts';

test.each([
  ['/a?b', 'Shop.Localhost:8080', { hostname: 'shop.localhost', path: '/a' }],
  ['/', 'shop.localhost.', { hostname: 'shop.localhost', path: '/' }],
  ['/', 'shop.localhost.:80', { hostname: 'shop.localhost', path: '/' }],
  ['*', 'shop.localhost', { hostname: 'shop.localhost', path: '/' }],
  ['/', '[::1]:80', { hostname: '[::1]', path: '/' }],
  ['http://shop.localhost:8080/x?y', 'shop.localhost', { hostname: 'shop.localhost', path: '/x' }],
  ['http://shop.localhost', 'shop.localhost', { hostname: 'shop.localhost', path: '/' }],
])('%s for %s', (url, host, expected) => {
  expect(requestTarget(url, ['Host', host])).toEqual(expected);
});

test.each([
  ['no Host', '/', []],
  ['two Hosts', '/', ['Host', 'a.localhost', 'HOST', 'b.localhost']],
  ['an empty Host', '/', ['Host', '']],
  ['userinfo', '/', ['Host', 'a@b.localhost']],
  ['a path in Host', '/', ['Host', 'a.localhost/x']],
  ['two ports', '/', ['Host', 'a.localhost:1:2']],
  ['an absolute form for another host', 'http://b.localhost/', ['Host', 'a.localhost']],
  ['a target that is neither', 'a.localhost:80', ['Host', 'a.localhost']],
])('refuses %s', (_, url, headers) => {
  expect(requestTarget(url, headers)).toBeNull();
});

const hostLike = string({
  unit: constantFrom('a', 'Z', '0', '-', '_', '.', ':', '[', ']', '@', '/', '%', ' '),
  maxLength: 12,
});

test('whatever comes, a hostname is lower case and without port', () => {
  assert(
    property(hostLike, (host) => {
      const target = requestTarget('/', ['host', host]);
      expect(target === null || /^(\[[0-9a-f:.]+\]|[a-z0-9_.-]*[a-z0-9_])$/.test(target.hostname)).toBe(true);
    }),
  );
});
