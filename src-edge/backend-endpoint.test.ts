import { expect, test } from 'vitest';

import { authorityOf, covers, parseEndpoint } from './backend-endpoint.ts';
import { advertisementOf } from './test-resources.ts';

test.each([
  ['http://127.0.0.1:3000', 'http', '127.0.0.1:3000'],
  ['http://localhost:3000', 'http', 'localhost:3000'],
  ['http://[::1]:3000', 'http', '[::1]:3000'],
  ['http://db.corp', 'http', 'db.corp:80'],
  ['http://web_1:3000', 'http', 'web_1:3000'],
  ['https://db.corp.', 'https', 'db.corp:443'],
  ['HTTP://DB.corp:8080', 'http', 'db.corp:8080'],
  ['http://0x7f.1:3000', 'http', '127.0.0.1:3000'],
])('%s is an endpoint', (text, scheme, authority) => {
  const result = parseEndpoint(text);
  expect(result.ok && [result.endpoint.scheme, authorityOf(result.endpoint)]).toEqual([scheme, authority]);
});

test.each([
  'ftp://a:1',
  'a:3000',
  'http://',
  'http://u:p@a:1',
  'http://a:1/path',
  'http://a:1?q',
  'http://a:1#f',
  'http://a:0',
  'http://a:65536',
  'http://a b:1',
  'http://-a:1',
  'http://*.corp:1',
  'http://0.0.0.0:1',
  'http://[::]:1',
  'http://169.254.169.254',
  'http://[::ffff:169.254.169.254]',
  'http://2852039166',
  'http://[fe80::1]:1',
])('%s is refused with a reason', (text) => {
  const result = parseEndpoint(text);
  expect(result.ok ? '' : result.problem).toMatch(/^(must|names) /);
});

test.each([
  ['http://127.0.0.1:3000', true],
  ['http://localhost:3000', true],
  ['http://[::1]:3000', true],
  ['https://127.0.0.1:3000', true],
  ['http://127.0.0.1:3001', false],
  ['http://127.0.0.2:3000', false],
  ['http://db.corp:3000', false],
])('127.0.0.1:3000 over TCP covers %s: %s', (text, expected) => {
  const result = parseEndpoint(text);
  expect(result.ok && covers(advertisementOf('a', 'laptop', 3000), result.endpoint)).toBe(expected);
});

test('an advertisement for UDP covers no HTTP backend', () => {
  const advertisement = advertisementOf('a', 'laptop', 3000);
  const udp = {
    ...advertisement,
    spec: {
      ...advertisement.spec,
      layer4: [
        {
          name: 'a',
          services: [{ address: '127.0.0.1', ports: [{ name: 'p', port: 3000, protocol: 'UDP' as const }] }],
        },
      ],
    },
  };
  expect(covers(udp, { scheme: 'http', host: '127.0.0.1', port: 3000 })).toBe(false);
});
