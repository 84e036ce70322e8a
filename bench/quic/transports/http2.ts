/**
 * HTTP/2 over TLS with the windows of our tunnel; requests are CONNECT, as bytes need no more.
 */
import { once } from 'node:events';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';

import { limits } from '#tunnel/limits.ts';

import { serverName, type Transport } from '../transport.ts';

const settings = {
  initialWindowSize: limits.streamWindowBytes,
  maxFrameSize: limits.frameBytes,
  maxConcurrentStreams: limits.streamsPerSession + 1,
  enablePush: false,
} as const;
const maxSessionMemory = limits.sessionMemoryMegabytes;

export const http2OverTls: Transport = {
  listen: async ({ address, port, identity, visitors }) => {
    const server = http2.createSecureServer({
      cert: identity.certificate,
      key: identity.key,
      settings,
      maxSessionMemory,
    });
    server.on('session', (session) => {
      session.setLocalWindowSize(limits.connectionWindowBytes);
      session.on('error', () => session.destroy());
    });
    server.on('stream', (stream) => {
      stream.on('error', () => stream.destroy());
      stream.respond({ ':status': 200 });
      visitors.onStream({ readable: stream, writable: stream });
    });
    server.listen(port, address);
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  },
  dial: async ({ address, port, ca }) => {
    const session = http2.connect(`https://${serverName}`, {
      host: address,
      port,
      ca,
      servername: serverName,
      settings,
      maxSessionMemory,
    });
    session.on('error', () => session.destroy());
    await once(session, 'connect');
    session.setLocalWindowSize(limits.connectionWindowBytes);
    return {
      datagrams: null,
      openStream: async () => {
        const stream = session.request({ ':method': 'CONNECT', ':authority': 'service:1' });
        stream.on('error', () => stream.destroy());
        return { readable: stream, writable: stream };
      },
      close: async () => session.destroy(),
    };
  },
};
