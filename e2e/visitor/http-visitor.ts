/**
 * A visitor with node:http. Dials 127.0.0.1 and sends the URL's host, since not every resolver knows `*.localhost`.
 */
import { createHash } from 'node:crypto';
import { request as httpRequest, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { pipeline } from 'node:stream/promises';

/** Starts a request to a published URL; the caller ends it. */
export function openRequest(url: string, options: RequestOptions = {}): ClientRequest {
  const { hostname, host, port, pathname, search } = new URL(url);
  if (!hostname.endsWith('.localhost')) throw new Error(`${url} is not a URL of the playground`);
  return httpRequest({
    host: '127.0.0.1',
    port,
    path: pathname + search,
    ...options,
    headers: { host, ...(options.headers as Record<string, string> | undefined) },
  });
}

/** The response head; the body is left to the caller. */
export function responseOf(request: ClientRequest, timeoutMs = 10_000): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.setTimeout(timeoutMs, () => request.destroy(new Error(`nothing came for ${timeoutMs} ms`)));
    request.once('response', resolve);
    request.once('error', reject);
  });
}

export type Visit = { readonly status: number; readonly headers: IncomingMessage['headers']; readonly body: string };

/** A whole GET. */
export async function visit(url: string, headers: Record<string, string> = {}): Promise<Visit> {
  const request = openRequest(url, { headers });
  request.end();
  const response = await responseOf(request);
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += String(chunk);
  return { status: response.statusCode ?? 0, headers: response.headers, body };
}

/** SHA-256 and length of what `stream` gives. */
export async function digestOf(stream: NodeJS.ReadableStream): Promise<{ length: number; sha256: string }> {
  const hash = createHash('sha256');
  let length = 0;
  stream.on('data', (chunk: Buffer) => (length += chunk.length));
  await pipeline(stream, hash);
  return { length, sha256: hash.digest('hex') };
}
