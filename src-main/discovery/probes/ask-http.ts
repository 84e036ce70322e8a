/**
 * Asks an open connection for its page at `/`, as a browser would, and reads the beginning of the answer.
 */
import { request, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

import type { ProbeContext } from './conversation.ts';
import { titleOf } from './html-title.ts';
import { identityOf, shownText, type Identity } from './identity.ts';

export type HttpAnswer =
  | { readonly outcome: 'answered'; readonly identity: Identity; readonly wantsTls: boolean }
  /** It said something that is not HTTP, or hung up. */
  | { readonly outcome: 'other'; readonly bytes: Buffer }
  | { readonly outcome: 'silent' };

/** The first answer of a development server may take a while: it builds the page first. */
const headTimeoutMs = 1500;
const bodyTimeoutMs = 500;
/** Titles stand near the beginning. */
const maxBodyBytes = 65_536;
const maxHeadBytes = 32_768;

/** The beginning of the body, until the title is complete. */
function readBeginning(response: IncomingMessage, { clock }: ProbeContext): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (): void => {
      cancel();
      resolve(Buffer.concat(chunks).subarray(0, maxBodyBytes));
    };
    const cancel = clock.after(bodyTimeoutMs, finish);
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= maxBodyBytes || chunk.includes('</title')) finish();
    });
    response.on('error', finish);
    response.on('close', finish);
  });
}

/** Words with which servers answer plain HTTP on a port that wants TLS. */
const tlsWords = /https|\bTLS\b|\bSSL\b/i;
/** What Node's and Deno's inspector answers, and the driver's port of MongoDB. */
const inspectorWords = 'WebSockets request was expected';
const mongoWords = 'trying to access MongoDB over HTTP';

async function identify(response: IncomingMessage, secure: boolean, context: ProbeContext): Promise<HttpAnswer> {
  const { statusCode: status = 0, headers } = response;
  const type = headers['content-type'] ?? '';
  const mayTell = /^text\/|html/.test(type) || type === '';
  const page = mayTell ? await readBeginning(response, context) : Buffer.alloc(0);
  const words = page.toString('latin1', 0, 1024);
  if (words.includes(mongoWords)) return { outcome: 'answered', identity: identityOf('mongodb'), wantsTls: false };
  if (words.includes(inspectorWords)) return { outcome: 'answered', identity: identityOf('debugger'), wantsTls: false };
  const charset = /charset=["']?([\w-]+)/i.exec(type)?.[1];
  const product = shownText(String(headers['server'] ?? headers['x-powered-by'] ?? ''));
  return {
    outcome: 'answered',
    identity: identityOf('http', { secure, status, product, title: titleOf(page, charset) }),
    wantsTls: !secure && status === 400 && tlsWords.test(words),
  };
}

/** Asks over `socket`, which is used up by it. */
export function askHttp(socket: Duplex, port: number, secure: boolean, context: ProbeContext): Promise<HttpAnswer> {
  return new Promise((resolve) => {
    const settle = (answer: HttpAnswer): void => {
      cancel();
      asked.destroy();
      socket.destroy();
      resolve(answer);
    };
    const cancel = context.clock.after(headTimeoutMs, () => settle({ outcome: 'silent' }));
    const asked = request({
      createConnection: () => socket,
      method: 'GET',
      path: '/',
      maxHeaderSize: maxHeadBytes,
      headers: {
        host: `localhost:${port}`,
        'user-agent': 'Sallyport-Discovery',
        accept: 'text/html, */*;q=0.1',
        connection: 'close',
      },
    });
    asked.once('response', (response) => {
      cancel();
      void identify(response, secure, context).then(settle);
    });
    asked.on('error', (error: Error & { readonly rawPacket?: Buffer }) =>
      settle({ outcome: 'other', bytes: error.rawPacket ?? Buffer.alloc(0) }),
    );
    asked.end();
  });
}
