/**
 * The service that is measured: a process of its own, HTTP on one port and raw TCP on another. Prints both as JSON.
 */
import { createServer as createHttpServer } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';

const block = Buffer.alloc(1 << 20, 'sallyport');

/** Writes `length` bytes with back-pressure, then ends the stream. */
function send(target: NodeJS.WritableStream, length: number): void {
  let left = length;
  const write = (): void => {
    while (left > 0) {
      const chunk = left >= block.length ? block : block.subarray(0, left);
      left -= chunk.length;
      if (!target.write(chunk)) {
        target.once('drain', write);
        return;
      }
    }
    target.end();
  };
  write();
}

const http = createHttpServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://origin');
  if (url.pathname === '/down') {
    const bytes = Number(url.searchParams.get('bytes'));
    response.setHeader('content-length', bytes);
    send(response, bytes);
  } else if (url.pathname === '/up') {
    request.resume().once('end', () => response.end());
  } else {
    response.end('ok');
  }
});

// One line "<bytes>\n" asks for that many bytes.
const tcp = createTcpServer((socket) => {
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.once('data', (line: Buffer) => send(socket, Number(line.toString())));
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

console.log(JSON.stringify({ event: 'ready', http: await listen(http), tcp: await listen(tcp) }));
process.once('disconnect', () => process.exit(0));
