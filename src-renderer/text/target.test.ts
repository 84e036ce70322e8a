import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { hostKind } from '#contract/target-host.ts';

import { formatTarget, readTarget } from './target.ts';

describe('readTarget', () => {
  it.each([
    ['3000', 'localhost', 3000],
    [' 3000 ', 'localhost', 3000],
    [':3000', 'localhost', 3000],
    ['localhost:3000', 'localhost', 3000],
    ['LOCALHOST:3000', 'localhost', 3000],
    ['http://localhost:3000/', 'localhost', 3000],
    ['http://localhost:5173/app/?x=1#top', 'localhost', 5173],
    ['localhost:3000/path', 'localhost', 3000],
    ['http://localhost', 'localhost', 80],
    ['[::1]:3000', '::1', 3000],
    ['http://[::1]:3000/', '::1', 3000],
    ['127.0.0.1:65535', '127.0.0.1', 65_535],
    ['db.corp.example:5432', 'db.corp.example', 5432],
    ['http://0.0.0.0:8000/', 'localhost', 8000],
    ['[::]:8000', 'localhost', 8000],
  ])('reads %s', (text, host, port) => {
    expect(readTarget(text)).toMatchObject({ kind: 'target', target: { host, port } });
  });

  it.each([
    ['localhost:5173/app/?x=1#top', '/app/?x=1#top'],
    ['http://localhost:3000?x', '?x'],
    ['http://localhost:3000/', ''],
    ['3000', ''],
  ])('keeps what %s says beyond the service apart', (text, path) => {
    expect(readTarget(text)).toMatchObject({ kind: 'target', path });
  });

  it.each([
    ['0', 'port'],
    ['65536', 'port'],
    ['99999999999', 'port'],
    ['localhost', 'Add the port'],
    ['localhost:', 'Add the port'],
    ['localhost:http', 'port'],
    ['localhost:3000.5', 'port'],
    ['https://localhost:3000', 'HTTPS'],
    ['ftp://localhost:21', 'ftp'],
    ['http://ada:secret@localhost:3000', 'password'],
    ['::1:3000', 'brackets'],
    ['[nonsense]:3000', 'IPv6'],
    ['256.1.1.1:80', 'host'],
    ['under score:80', 'host'],
    ['[]:80', 'IPv6'],
    ['169.254.169.254:80', 'link-local'],
    ['http://[fe80::1]:80/', 'link-local'],
    ['1.2.3:80', 'host'],
  ])('refuses %s and says why', (text, word) => {
    const reading = readTarget(text);
    expect(reading.kind).toBe('invalid');
    expect(reading.kind === 'invalid' && reading.reason).toContain(word);
  });

  it.each([
    ['https://', true],
    ['169.254.1.1', true],
    ['ada@', true],
    ['localhost', false],
    ['localhost:', false],
    ['[::', false],
  ])('knows whether typing on can make %s right', (text, final) => {
    expect(readTarget(text)).toMatchObject({ kind: 'invalid', final });
  });

  it('tells empty from wrong', () => {
    expect(readTarget('  ')).toEqual({ kind: 'empty' });
  });

  it('reads back what it formats, and never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6()), fc.integer({ min: 1, max: 65_535 }), (host, port) => {
        const target = { host: host.toLowerCase(), port };
        fc.pre(hostKind(target.host) === 'usable');
        expect(readTarget(formatTarget(target))).toEqual({ kind: 'target', target, path: '' });
      }),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        const reading = readTarget(text);
        if (reading.kind === 'target') expect(reading.target.port).toBeGreaterThan(0);
      }),
    );
  });
});
