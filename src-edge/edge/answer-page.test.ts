import http, { type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { visit } from '../test-visitor.ts';
import { escapeHtml, writePage } from './answer-page.ts';
import { agentPage, edgePage, edgeProxyStatus } from './pages.ts';

let server: http.Server;
let port: number;

beforeAll(async () => {
  server = http.createServer((request: IncomingMessage, response) => {
    writePage(request, response, { page: edgePage('SwitchedOff'), proxyStatus: edgeProxyStatus('SwitchedOff') });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => server.close());

test('a browser gets HTML in which nothing of the request is markup', async () => {
  const { body, headers } = await visit(port, 'a"><script>alert(1)</script>', {
    headers: { accept: 'text/html,application/xhtml+xml' },
  });
  expect(headers['content-type']).toBe('text/html; charset=utf-8');
  expect(body).not.toContain('<script');
  expect(body).toContain('&lt;script&gt;');
  expect(body).not.toMatch(/(?:src|href)=/);
  expect(body).toContain('prefers-color-scheme:dark');
});

test('others get text, and HEAD gets the head', async () => {
  const text = await visit(port, 'a.localhost');
  expect(text.headers['content-type']).toBe('text/plain; charset=utf-8');
  expect(text.body).toMatch(/^Switched off\. /);
  const head = await visit(port, 'a.localhost', { method: 'HEAD' });
  expect(head).toMatchObject({ status: 503, body: '' });
  expect(head.headers['content-length']).toBe(text.headers['content-length']);
});

test('escaping covers text and quoted attributes', () => {
  expect(escapeHtml(`<a b="c" d='e'>&`)).toBe('&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;');
});

test('an agent failure without a page of its own still gets one', () => {
  expect(agentPage(502, 'SP_SOMETHING_NEW')).toMatchObject({ status: 502 });
  expect(agentPage(502, 'SP_ORIGIN_REFUSED').title).toBe('The service is not running');
});
