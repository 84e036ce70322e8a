import { isIP } from 'node:net';

import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { hostKind, hostProblem } from './target-host.ts';

test.each([
  'localhost',
  'db_1',
  'db.corp.example',
  '127.0.0.1',
  '10.0.0.7',
  '::1',
  'fd00::1',
  '::ffff:10.0.0.7',
  '2001:db8::',
])('a service can be exposed at %s', (host) => expect(hostProblem(host)).toBeNull());

test.each([
  '169.254.169.254',
  '169.254.0.1',
  'fe80::1',
  'febf:ffff::1',
  'fe80::1%eth0',
  '::ffff:169.254.169.254',
  '::ffff:a9fe:a9fe',
  '0:0:0:0:0:ffff:a9fe:1',
])('%s is refused as link-local', (host) => {
  expect(hostKind(host)).toBe('link-local');
  expect(hostProblem(host)).toContain('link-local');
});

test.each(['0.0.0.0', '::', '0:0:0:0:0:0:0:0', '::ffff:0.0.0.0'])('%s is refused as unspecified', (host) => {
  expect(hostKind(host)).toBe('unspecified');
  expect(hostProblem(host)).toContain('127.0.0.1');
});

test.each([
  '',
  '256.1.1.1',
  '0.1.2.3',
  '127.0.0.01',
  '127.1',
  '2130706433',
  '0x7f.1',
  'under score',
  '-a',
  'a-',
  'a..b',
  'a'.repeat(64),
  '1:2:3',
  '::1::',
  ':::',
  '12345::',
  'fd00::1%eth0',
  '::1.2.3',
])('“%s” is no host', (host) => {
  expect(hostProblem(host)).toContain('neither');
});

test('every address that the system knows is told from what is none', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (host) => {
      fc.pre(!/(^|:)0\.(?!0\.0\.0$)/.test(host));
      expect(hostKind(host)).not.toBe('invalid');
    }),
  );
  const characters = fc.mapToConstant(
    { num: 10, build: (digit) => String(digit) },
    { num: 8, build: (i) => 'abcdef:.'.charAt(i) },
  );
  fc.assert(
    fc.property(fc.string({ unit: characters, maxLength: 24 }), (host) => {
      if (host.includes(':') && isIP(host) === 0) expect(hostKind(host)).toBe('invalid');
    }),
    { numRuns: 2000 },
  );
});
