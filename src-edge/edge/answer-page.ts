/**
 * Writes a page to a visitor: HTML for browsers, plain text for everybody else, nothing loaded from elsewhere.
 */
import { createHash } from 'node:crypto';
import { ServerResponse, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import type { Page } from './pages.ts';

const style = `:root{color-scheme:light dark;--ground:#fbfbfa;--ink:#1d1f21;--quiet:#5b6066;--line:#dcdedf}
@media (prefers-color-scheme:dark){:root{--ground:#17191b;--ink:#e9eaeb;--quiet:#a3a8ad;--line:#34383c}}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--ground);color:var(--ink);font:1rem/1.6 system-ui,sans-serif}
main{max-width:34rem;padding:2rem}
h1{margin:0 0 .5rem;font-size:1.5rem;line-height:1.25}
p{margin:0 0 .75rem}
p.hint{color:var(--quiet)}
footer{margin-top:1.5rem;padding-top:.75rem;border-top:1px solid var(--line);color:var(--quiet);font-size:.875rem;overflow-wrap:anywhere}`;

/** SECURITY: the page may show its own style and nothing else, whatever ends up in its text. */
const contentSecurityPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** `text` for use between tags and in quoted attributes. */
export function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
}

function html(page: Page, host: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(page.title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escapeHtml(page.title)}</h1>
<p>${escapeHtml(page.text)}</p>
<p class="hint">${escapeHtml(page.hint)}</p>
<footer>${page.status} · ${escapeHtml(host)} · answered by the Sallyport edge</footer>
</main>
</body>
</html>
`;
}

export type PageAnswer = {
  readonly page: Page;
  readonly proxyStatus: string;
  /** Fields for probes. */
  readonly headers?: OutgoingHttpHeaders;
};

/** What of a request decides how its page looks. */
type Asked = { readonly method: string | undefined; readonly accept: string | undefined; readonly host: string };

/** The answer as fields, in lower case, and body. */
export function renderPage(
  { method, accept = '', host }: Asked,
  answer: PageAnswer,
): { readonly fields: OutgoingHttpHeaders; readonly body: string } {
  const { page } = answer;
  const asHtml = /(?:^|,)\s*text\/html\s*(?:[;,]|$)/i.test(accept);
  const body = asHtml ? html(page, host) : `${page.title}. ${page.text}\n${page.hint}\n`;
  const fields: OutgoingHttpHeaders = {
    'content-type': `text/${asHtml ? 'html' : 'plain'}; charset=utf-8`,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'proxy-status': answer.proxyStatus,
    'content-security-policy': contentSecurityPolicy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    vary: 'accept',
    ...(page.retryAfterSeconds === undefined ? {} : { 'retry-after': String(page.retryAfterSeconds) }),
    ...answer.headers,
  };
  return { fields, body: method === 'HEAD' ? '' : body };
}

export function writePage(request: IncomingMessage, response: ServerResponse, answer: PageAnswer): void {
  const { accept, host = '' } = request.headers;
  const { fields, body } = renderPage({ method: request.method, accept, host }, answer);
  response.writeHead(answer.page.status, fields);
  response.end(body === '' ? undefined : body);
}

/** A response on the bare socket of an upgrade request; the connection ends with it. */
export function responseOn(socket: Duplex, request: IncomingMessage): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket as Socket);
  response.once('finish', () => (socket as Socket).destroySoon());
  return response;
}
