/**
 * Header fields between HTTP/1.1 and HTTP/2, and the two fields the parts of the tunnel speak through.
 */
import { assert, property, string } from 'fast-check';
import { expect, test } from 'vitest';

import { toHttp1Lines, toHttp2Fields, trailerPairs } from './fields.ts';
import { forwardedHost, formatForwarded } from './forwarded.ts';
import {
  declinesUpgrade,
  impersonatesAgent,
  isAgentFailure,
  proxyStatus,
  statusDetails,
  upgradeDeclined,
} from './proxy-status.ts';

test('what the Connection field nominates stays on its hop, in any spelling', () => {
  const raw = ['X-Secret', '1', 'Connection', 'close, x-SECRET', 'Connection', ' other ', 'Other', '2', 'Kept', '3'];
  expect(toHttp2Fields(raw)).toEqual({ kept: '3' });
  expect(toHttp1Lines(raw)).toEqual(['kept', '3']);
});

test('duplicates survive where they may, and never break what allows one value', () => {
  const raw = [
    'A',
    '1',
    'a',
    '2',
    'A',
    '3',
    'If-Match',
    '"x"',
    'if-match',
    '"y"',
    'Content-Type',
    'a/b',
    'content-type',
    'c/d',
  ];
  expect(toHttp2Fields(raw)).toEqual({ a: ['1', '2', '3'], 'if-match': '"x", "y"', 'content-type': 'a/b' });
});

test('cookie crumbs are put together for HTTP/1.1', () => {
  expect(toHttp1Lines([':path', '/', 'cookie', 'a=1', 'x', 'y', 'cookie', 'b=2'])).toEqual([
    'cookie',
    'a=1; b=2',
    'x',
    'y',
  ]);
});

test('a name such as __proto__ is a field like any other', () => {
  const fields = toHttp2Fields(['__proto__', 'x', 'constructor', 'y']);
  expect(Object.keys(fields)).toEqual(['__proto__', 'constructor']);
});

test('framing does not pass as a trailer', () => {
  expect(
    trailerPairs(['Content-Length', '5', 'Transfer-Encoding', 'chunked', 'Host', 'x', 'Grpc-Status', '0']),
  ).toEqual([['grpc-status', '0']]);
});

test('the host a visitor asked for comes back out of Forwarded, and nothing that could break a line does', () => {
  for (const host of ['app.example', 'app.example:8080', '[2001:db8::1]:8080', 'under_score.example']) {
    expect(forwardedHost(formatForwarded({ for: '2001:db8::2', host, proto: 'https' }))).toBe(host);
  }
  assert(
    property(string(), (host) => {
      const seen = forwardedHost(formatForwarded({ for: '192.0.2.1', host, proto: 'http' }));
      expect(seen === null || seen === host).toBe(true);
      expect(seen ?? '').not.toMatch(/[\s"\\,;]/);
    }),
  );
  expect(forwardedHost('for=1.2.3.4')).toBeNull();
});

test('Proxy-Status tells whose failure it is', () => {
  const value = proxyStatus('sallyport-agent', 'connection_refused', 'SP_ORIGIN_REFUSED');
  expect(isAgentFailure(value)).toBe(true);
  expect(statusDetails(value)).toBe('SP_ORIGIN_REFUSED');
  expect(isAgentFailure(proxyStatus('sallyport-edge', 'connection_terminated', null))).toBe(false);
  expect(isAgentFailure(upgradeDeclined(200))).toBe(false);
  expect(declinesUpgrade(upgradeDeclined(200))).toBe(true);
  expect(impersonatesAgent('cdn, Sallyport-Agent; error=dns_error')).toBe(true);
  expect(impersonatesAgent(['cdn', '"sallyport-agent"; error=dns_error'])).toBe(true);
  expect(impersonatesAgent('cdn; details="not sallyport-agent"')).toBe(false);
});
