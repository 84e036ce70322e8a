/**
 * One request and its answer, as handlers see them.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

import type { User } from '../authorization/tokens.ts';
import type { JsonValue } from '../json.ts';

export type Exchange = {
  readonly method: string;
  readonly path: string;
  /** Decoded parts of the path. */
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly user: User;
  /** Reads and decodes the body; may be called once. */
  body(): Promise<JsonValue>;
};

/** An answer with a JSON body. Watches write to the response themselves and answer nothing. */
export type Answer = {
  readonly code: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
};

export function ok(body: unknown): Answer {
  return { code: 200, body };
}

/** Whether the query parameter `name` is switched on. */
export function flag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && ['', '1', 't', 'true'].includes(value.toLowerCase());
}

/** Sends `answer`. `Warning` headers (RFC 7234 §5.5) tell kubectl what to show. */
export function send(response: ServerResponse, answer: Answer): void {
  const content = typeof answer.body === 'string' ? answer.body : `${JSON.stringify(answer.body)}\n`;
  response.writeHead(answer.code, {
    'Content-Type': typeof answer.body === 'string' ? 'text/plain; charset=utf-8' : 'application/json',
    'Content-Length': Buffer.byteLength(content),
    'Cache-Control': 'no-cache, private',
    ...(answer.headers as Record<string, string | string[]> | undefined),
  });
  response.end(content);
}
