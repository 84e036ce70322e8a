import { describe, expect, it } from 'vitest';

import { formatAgo, formatBytes, formatDuration, formatUntil, groupHex, list, plural } from './format.ts';
import { isWebUrl } from './web-url.ts';

describe('numbers', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [999.6, '1.0 kB'],
    [1200, '1.2 kB'],
    [99_960, '100 kB'],
    [84_300_000, '84.3 MB'],
    [2e15, '2000 TB'],
    [-1, '0 B'],
  ])('writes %d bytes', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it.each([
    [0.42, '0.4 ms'],
    [38, '38 ms'],
    [999.7, '1.0 s'],
    [1420, '1.4 s'],
    [61_000, '61 s'],
    [180_000, '3 min'],
    [7_300_000, '2 h'],
  ])('writes %d ms', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('counts and lists', () => {
    expect([plural(1, 'service'), plural(2, 'service')]).toEqual(['1 service', '2 services']);
    expect([list([]), list(['a']), list(['a', 'b']), list(['a', 'b', 'c'])]).toEqual([
      '',
      'a',
      'a and b',
      'a, b and c',
    ]);
    expect(groupHex('0123456789ab')).toBe('0123 4567 89ab');
  });
});

describe('times', () => {
  it.each([
    [-5_000, 'just now'],
    [999, 'just now'],
    [4_200, '4 s ago'],
    [61_000, '1 min ago'],
    [3_600_000, '1 h ago'],
    [86_400_000, '1 day ago'],
    [200_000_000, '2 days ago'],
  ])('says how long ago %d ms is', (age, text) => {
    expect(formatAgo(1e12, 1e12 + age)).toBe(text);
  });

  it('says how long until', () => {
    expect([formatUntil(500, 0), formatUntil(7_000, 0), formatUntil(0, 9_000)]).toEqual(['now', 'in 7 s', 'now']);
  });
});

it('links to web addresses only', () => {
  expect(isWebUrl('http://demo.localhost:8080')).toBe(true);
  expect(isWebUrl('https://demo.example/')).toBe(true);
  expect(['javascript:alert(1)', 'data:text/html,x', '/relative', 'file:///etc/passwd', ''].filter(isWebUrl)).toEqual(
    [],
  );
});
