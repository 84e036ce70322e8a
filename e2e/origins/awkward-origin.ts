/**
 * A service that does what HTTP allows and few expect: answers before it has read, refuses bodies, breaks off, builds
 * absolute addresses from the Host it is told.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type AwkwardOrigin = {
  readonly port: number;
  /** Answers to /endless and uploads to /swallow that are under way. */
  readonly open: () => number;
  /** Uploads to /swallow that ended before they were whole. */
  readonly brokenUploads: () => number;
  /** Ends the connections of all answers to /half and /half-chunked, which wait for it in the middle. */
  breakOff(): void;
  /** Bytes of bodies that were read. */
  readonly bytesRead: () => number;
  close(): Promise<void>;
};

export async function startAwkwardOrigin(): Promise<AwkwardOrigin> {
  let open = 0;
  let brokenUploads = 0;
  let bytesRead = 0;
  const unfinished = new Set<ServerResponse>();

  const count = (message: IncomingMessage | ServerResponse): void => {
    open += 1;
    message.once('close', () => {
      open -= 1;
    });
  };

  const halfWay = (response: ServerResponse): void => {
    response.write(Buffer.alloc(1 << 19));
    unfinished.add(response);
    response.once('close', () => unfinished.delete(response));
  };

  const endless = (response: ServerResponse): void => {
    count(response);
    const more = (): void => {
      while (!response.destroyed) if (!response.write(Buffer.alloc(16 * 1024, '.'))) return;
    };
    response.on('drain', more);
    more();
  };

  const swallow = (request: IncomingMessage, response: ServerResponse): void => {
    count(response);
    request.on('data', (chunk: Buffer) => {
      bytesRead += chunk.length;
    });
    request.once('aborted', () => {
      brokenUploads += 1;
    });
    request.once('end', () => response.end(`${bytesRead}`));
  };

  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    const self = `http://${request.headers.host ?? 'nowhere'}`;
    switch (request.url) {
      case '/redirect':
        response.writeHead(302, { location: `${self}/landing` }).end();
        return;
      case '/redirect-relative':
        response.writeHead(303, { location: '/landing' }).end();
        return;
      case '/redirect-elsewhere':
        response.writeHead(307, { location: 'https://example.com/there?x=1' }).end();
        return;
      case '/landing':
        response.setHeader('set-cookie', ['a=1; Path=/', 'b=2; Path=/; HttpOnly']);
        response.end(`<a href="${self}/deep/link?x=1#y">here</a>`);
        return;
      case '/early':
        // Nothing of the body was read.
        response.writeHead(401, { 'www-authenticate': 'Basic' }).end('who are you');
        return;
      case '/half':
        response.setHeader('content-length', 1 << 20);
        halfWay(response);
        return;
      case '/half-chunked':
        halfWay(response);
        return;
      case '/hang-up':
        request.once('data', () => request.destroy());
        return;
      case '/endless':
        endless(response);
        return;
      case '/swallow':
        swallow(request, response);
        return;
      default:
        // Without a length, so that the framing is left to whoever speaks to the visitor.
        response.write(`you asked for ${request.url ?? ''} `);
        response.end(`by ${request.method ?? ''}`);
    }
  };
  const server = createServer(handle);
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    if (request.url === '/too-large') response.writeHead(413, { connection: 'close' }).end('too large');
    else {
      response.writeContinue();
      handle(request, response);
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    open: () => open,
    brokenUploads: () => brokenUploads,
    breakOff: () => {
      for (const response of unfinished) response.destroy();
    },
    bytesRead: () => bytesRead,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
