/**
 * The life of tunnel connections: who gets in, who is kept out, what survives losses, restarts and drains.
 */
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import tls from 'node:tls';

import { afterEach, expect, test } from 'vitest';

import type { EngineReport } from '#contract/engine.ts';
import { registrationPath, tunnelAlpn, type Verdict } from '#contract/wire/registration.ts';

import { publicKeyHex, signProof } from './registration/proof.ts';
import { selfSigned, type Certificate } from './testing/certificates.ts';
import { ask, tunnelToService } from './testing/services.ts';
import {
  connector,
  createCleanup,
  createManualClock,
  listen,
  newKey,
  startEdge,
  startEngine,
  startTunnel,
  until,
} from './testing/tunnel.ts';

const cleanup = createCleanup();
const certificate = await selfSigned();
afterEach(() => cleanup.run());

type Reported = EngineReport['connections'][number];

const last = (reports: readonly EngineReport[]): Reported | undefined => reports.at(-1)?.connections[0];
const everIn = (reports: readonly EngineReport[], phase: string): Reported | undefined =>
  reports.flatMap(({ connections }) => connections).find((connection) => connection.phase === phase);

test('an agent connects, is known by its key, and both sides measure the round trip', async () => {
  const key = newKey();
  const edge = await startEdge(cleanup, certificate);
  const { reports } = startEngine(cleanup, { edges: [edge.target] }, { key });
  await until(() => (last(reports)?.rttMs ?? null) !== null);
  expect(last(reports)).toMatchObject({ phase: 'connected', edge: 'edge-1', transport: 'h2', problem: null });
  const [session] = edge.sessions;
  expect(session?.connector).toEqual(connector);
  expect(session?.publicKey).toBe(publicKeyHex(createPrivateKey(key)));
  expect(session?.id).toBe('c1');
  expect(await session?.ping()).toBeGreaterThan(0);
  expect(await session?.answersHealth(5_000)).toBe(true);
});

test('without a connector nothing is dialled', async () => {
  let dialled = 0;
  const server = net.createServer((socket) => {
    dialled += 1;
    socket.destroy();
  });
  const port = await listen(server);
  cleanup.add(() => server.close());
  const edge = { name: 'e', host: '127.0.0.1', port, serverName: 'edge.test', caBundle: certificate.cert };
  const { reports, apply } = startEngine(cleanup, { connector: null, edges: [edge] });
  expect(reports.at(-1)).toEqual({ appliedVersion: 1, connections: [] });
  apply({ connector });
  await until(() => dialled > 0);
});

test.each([
  ['issued by somebody else', (other: Certificate) => ({ caBundle: other.cert })],
  ['for another name', () => ({ serverName: 'other.test' })],
  ['while the control plane names no authority', () => ({ caBundle: '' })],
])('an edge with a certificate %s is not trusted', async (_what, change) => {
  const edge = await startEdge(cleanup, certificate);
  const { reports } = startEngine(cleanup, { edges: [{ ...edge.target, ...change(await selfSigned()) }] });
  const waiting = await until(() => everIn(reports, 'waiting'));
  expect(waiting.problem?.code).toBe('SP_TUNNEL_UNTRUSTED');
  expect(waiting.retryAt).not.toBeNull();
  expect(edge.sessions).toEqual([]);
});

test('an edge that is not there is retried, and found once it is', async () => {
  const edge = await startEdge(cleanup, certificate);
  const { port } = edge.listener.address;
  await edge.listener.close(0);
  const { reports } = startEngine(cleanup, { edges: [edge.target] });
  const waiting = await until(() => everIn(reports, 'waiting'));
  expect(waiting.problem?.code).toBe('SP_TUNNEL_DISCONNECTED');
  const again = await startEdge(cleanup, certificate, { port });
  await until(() => again.sessions.length === 1);
  await until(() => last(reports)?.phase === 'connected');
  expect(last(reports)?.problem).toBeNull();
});

test('a refusal is shown with the reason of the edge, and a new configuration asks again at once', async () => {
  let verdict: Verdict = { type: 'refused', code: 'KeyMismatch', message: 'The connector carries another key.' };
  const edge = await startEdge(cleanup, certificate, { admit: () => verdict });
  const { reports, apply } = startEngine(cleanup, { edges: [edge.target] });
  const refused = await until(() => everIn(reports, 'refused'));
  expect(refused.problem?.code).toBe('SP_TUNNEL_REFUSED');
  expect(refused.problem?.detail).toBe('KeyMismatch: The connector carries another key.');
  expect(Date.parse(refused.retryAt ?? '') - Date.parse(refused.since)).toBeGreaterThanOrEqual(5_000);
  verdict = { type: 'admitted', connectionId: 'c' };
  apply({});
  await until(() => last(reports)?.phase === 'connected');
});

test('an edge that cannot ask its control plane says so', async () => {
  const edge = await startEdge(cleanup, certificate, {
    admit: () => {
      throw new Error('control plane away');
    },
  });
  const { reports } = startEngine(cleanup, { edges: [edge.target] });
  const refused = await until(() => everIn(reports, 'refused'));
  expect(refused.problem?.detail).toContain('ControlPlaneUnavailable');
  expect(refused.problem?.detail).not.toContain('control plane away');
});

test('a lost edge is found again after each restart', async () => {
  let edge = await startEdge(cleanup, certificate);
  const { port } = edge.listener.address;
  const { reports } = startEngine(cleanup, { edges: [edge.target] });
  for (let restart = 0; restart < 3; restart += 1) {
    await until(() => last(reports)?.phase === 'connected' && edge.sessions.length === 1);
    expect(await edge.sessions[0]?.answersHealth(5_000)).toBe(true);
    await edge.listener.close(0);
    await until(() => last(reports)?.phase !== 'connected');
    edge = await startEdge(cleanup, certificate, { port });
  }
  await until(() => last(reports)?.phase === 'connected');
});

test('applying the same configuration again touches nothing; another edge is added beside, a removed one leaves', async () => {
  const one = await startEdge(cleanup, certificate);
  const two = await startEdge(cleanup, certificate);
  const { reports, apply, engine } = startEngine(cleanup, { edges: [one.target] });
  await until(() => one.sessions.length === 1);
  const [session] = one.sessions;
  apply({});
  apply({ edges: [one.target, { ...two.target, name: 'edge-2' }] });
  await until(() => two.sessions.length === 1);
  expect(one.sessions).toEqual([session]);
  apply({ edges: [{ ...two.target, name: 'edge-2' }] });
  await until(() => one.sessions.length === 0);
  await until(() => engine.report().connections.length === 1);
  expect(last(reports)).toMatchObject({ edge: 'edge-2', phase: 'connected' });
  expect(two.sessions).toHaveLength(1);
  expect(reports.at(-1)?.appliedVersion).toBe(4);
});

test('a change of the allow list counts for the next request, on the same connection', async () => {
  const origin = http.createServer((_request, response) => response.end('ok'));
  const port = await listen(origin);
  cleanup.add(() => origin.close());
  const tunnel = await startTunnel(cleanup, certificate, { backend: `127.0.0.1:${port}`, allow: [] });
  const [session] = tunnel.edge.sessions;
  const ask = async (): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      http
        .get({ port: tunnel.port, host: '127.0.0.1', agent: false }, (answer) => {
          answer.resume();
          answer.on('end', () => resolve(answer.statusCode));
        })
        .on('error', reject);
    });
  expect(await ask()).toBe(403);
  expect(tunnel.failures.at(-1)).toEqual({
    status: 403,
    code: 'SP_TARGET_NOT_ALLOWED',
    proxyStatus: 'sallyport-agent; error=http_request_denied; details="SP_TARGET_NOT_ALLOWED"',
  });
  tunnel.apply({ allow: [{ host: '127.0.0.1', port, protocol: 'TCP' }] });
  expect(await ask()).toBe(200);
  tunnel.apply({ allow: [] });
  expect(await ask()).toBe(403);
  expect(tunnel.edge.sessions).toEqual([session]);
});

test('a name on the allow list that resolves to this machine is denied, for HTTP, WebSocket and TCP', async () => {
  let reached = 0;
  const origin = http.createServer((_request, response) => response.end());
  origin.on('connection', () => {
    reached += 1;
  });
  const port = await listen(origin);
  cleanup.add(() => origin.close());
  const authority = `rebind.example:${port}`;
  const tunnel = await startTunnel(cleanup, certificate, {
    backend: authority,
    lookup: () => Promise.resolve(['127.0.0.1', '::1']),
  });
  const status = (fields: http.OutgoingHttpHeaders): Promise<unknown> =>
    new Promise((resolve) => {
      const stream = tunnel.session().request({ ':authority': authority, ...fields }, { endStream: true });
      stream.on('error', () => {});
      stream.once('response', (answer) => resolve(answer[':status']));
    });
  const http1 = { ':scheme': 'http', ':path': '/' };
  expect(await status({ ':method': 'GET', ...http1 })).toBe(403);
  expect(await status({ ':method': 'CONNECT' })).toBe(403);
  expect(await status({ ':method': 'CONNECT', ':protocol': 'websocket', ...http1 })).toBe(403);
  expect(reached).toBe(0);
});

test('the health path of the agent is not in the way of a service with the same path', async () => {
  const tunnel = await tunnelToService(cleanup, certificate, (request, response) => response.end(request.url));
  const path = '/.well-known/sallyport/health';
  expect((await ask(tunnel.port, { path })).body.toString()).toBe(path);
});

test('draining the agent lets a live stream finish and takes no new request', async () => {
  let finish = (): void => {};
  const tunnel = await tunnelToService(cleanup, certificate, (_request, response) => {
    response.write('data: 1\n\n');
    finish = () => response.end('data: last\n\n');
  });
  let received = '';
  let ended = false;
  http.get({ port: tunnel.port, host: '127.0.0.1', agent: false }, (answer) => {
    answer.on('data', (chunk: Buffer) => {
      received += chunk.toString();
    });
    answer.on('end', () => {
      ended = true;
    });
  });
  await until(() => received !== '');
  const session = tunnel.session();
  const drained = tunnel.engine.drain(10_000);
  await until(() => session.draining);
  expect(() => session.request({ ':path': '/' })).toThrow('closed');
  expect((await ask(tunnel.port)).message.statusCode).toBe(503);
  expect(ended).toBe(false);
  finish();
  await drained;
  await until(() => ended);
  expect(received).toBe('data: 1\n\ndata: last\n\n');
  expect(tunnel.engine.report().connections).toEqual([]);
});

test('draining is bounded: what does not finish in time is broken off', async () => {
  const tunnel = await tunnelToService(cleanup, certificate, (_request, response) => {
    response.write('data: 1\n\n');
  });
  let broken = false;
  const received: string[] = [];
  http
    .get({ port: tunnel.port, host: '127.0.0.1', agent: false }, (answer) => {
      answer.on('data', (chunk: Buffer) => received.push(chunk.toString()));
      answer.on('error', () => {
        broken = true;
      });
    })
    .on('error', () => {});
  await until(() => received.length > 0);
  await tunnel.engine.drain(50);
  await until(() => broken);
});

test('an edge that drains keeps a live stream, and the agent has a second connection meanwhile', async () => {
  let finish = (): void => {};
  const tunnel = await tunnelToService(cleanup, certificate, (_request, response) => {
    response.write('data: 1\n\n');
    finish = () => response.end('data: last\n\n');
  });
  let received = '';
  let ended = false;
  http.get({ port: tunnel.port, host: '127.0.0.1', agent: false }, (answer) => {
    answer.on('data', (chunk: Buffer) => {
      received += chunk.toString();
    });
    answer.on('end', () => {
      ended = true;
    });
  });
  await until(() => received !== '');
  const old = tunnel.session();
  old.drain();
  await until(() => tunnel.edge.sessions.length === 2);
  expect(ended).toBe(false);
  finish();
  await until(() => ended);
  expect(received).toBe('data: 1\n\ndata: last\n\n');
  await until(() => tunnel.edge.sessions.length === 1);
  expect(tunnel.session()).not.toBe(old);
  expect(tunnel.session().draining).toBe(false);
});

test('a connection cut in the middle breaks uploads and downloads visibly', async () => {
  const uploads: string[] = [];
  const tunnel = await tunnelToService(cleanup, certificate, (request, response) => {
    if (request.method === 'GET') {
      response.write('half');
      return;
    }
    request.on('data', () => uploads.push('data'));
    request.on('end', () => uploads.push('complete'));
    request.on('error', () => uploads.push('broken'));
  });
  let downloaded = false;
  const download = new Promise<string>((resolve) => {
    http
      .get({ port: tunnel.port, host: '127.0.0.1', agent: false }, (answer) => {
        answer.on('data', () => {
          downloaded = true;
        });
        answer.on('end', () => resolve('complete'));
        answer.on('error', () => resolve('broken'));
      })
      .on('error', () => {});
  });
  const upload = http.request({ port: tunnel.port, host: '127.0.0.1', method: 'POST', agent: false });
  const status = new Promise((resolve) => {
    upload.once('response', (answer) => resolve(answer.statusCode));
  });
  upload.on('error', () => {});
  upload.write('half');
  await until(() => uploads.length === 1 && downloaded);
  tunnel.session().close();
  expect(await download).toBe('broken');
  expect(await status).toBe(502);
  await until(() => uploads.length === 2);
  expect(uploads).toEqual(['data', 'broken']);
});

test('an edge that falls silent is noticed', async () => {
  // In the middle: a relay that can stop passing bytes without closing anything.
  const edge = await startEdge(cleanup, certificate);
  let silent = false;
  const relay = net.createServer((near) => {
    const far = net.connect(edge.listener.address.port, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('error', () => {});
      from.on('data', (chunk) => {
        if (!silent) to.write(chunk);
      });
      from.on('close', () => {
        if (!silent) to.destroy();
      });
    }
    cleanup.add(() => {
      near.destroy();
      far.destroy();
    });
  });
  const port = await listen(relay);
  cleanup.add(() => relay.close());
  const time = createManualClock();
  const { reports } = startEngine(cleanup, { edges: [{ ...edge.target, port }] }, { clock: time.clock });
  await until(() => last(reports)?.phase === 'connected');
  silent = true;
  for (let period = 0; period < 3; period += 1) time.advance(10_000);
  const lost = everIn(reports, 'waiting');
  expect(lost?.problem?.detail).toBe('The edge does not answer any more.');
});

test('the proof of one connection is worth nothing on another (channel binding)', async () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const edge = await startEdge(cleanup, certificate);
  const verdictFor = async (bindingOf: 'this' | 'another'): Promise<Verdict> => {
    const other = await dialTls(edge.target.port);
    const socket = await dialTls(edge.target.port);
    const bound = bindingOf === 'this' ? socket : other;
    const channelBinding = bound.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)).toString('hex');
    const session = http2.performServerHandshake(socket);
    cleanup.add(() => session.destroy());
    return new Promise((resolve) => {
      session.on('stream', (stream, fields) => {
        expect(fields[':path']).toBe(registrationPath);
        stream.on('error', () => {});
        stream.respond({ ':status': 200 });
        let text = '';
        stream.on('data', (chunk: Buffer) => {
          text += chunk.toString();
          const [challenge, verdict] = text.split('\n');
          if (verdict) {
            resolve(JSON.parse(verdict) as Verdict);
            return;
          }
          const { nonce } = JSON.parse(challenge ?? '') as { nonce: string };
          const signature = signProof(privateKey, { channelBinding, nonce, ...connector });
          const publicKey = publicKeyHex(privateKey);
          stream.write(`${JSON.stringify({ type: 'claim', ...connector, publicKey, signature, agentVersion: '' })}\n`);
        });
      });
    });
  };
  expect(await verdictFor('another')).toMatchObject({ type: 'refused', code: 'BadProof' });
  expect(edge.sessions).toEqual([]);
  expect(await verdictFor('this')).toMatchObject({ type: 'admitted' });
});

async function dialTls(port: number, options: tls.ConnectionOptions = {}): Promise<tls.TLSSocket> {
  const socket = tls.connect({
    port,
    host: '127.0.0.1',
    ca: [certificate.cert],
    servername: 'edge.test',
    ALPNProtocols: [tunnelAlpn.h2],
    ...options,
  });
  cleanup.add(() => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => {});
  return socket;
}

function closed(socket: net.Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) resolve();
    socket.once('close', () => resolve());
    socket.resume();
  });
}

test('strangers on the tunnel port are cut and agents still get in', async () => {
  const edge = await startEdge(cleanup, certificate, { registrationMs: 300 });
  const { port } = edge.target;

  // Not TLS at all.
  const garbage = net.connect(port, '127.0.0.1');
  garbage.on('error', () => {});
  garbage.write('GET / HTTP/1.1\r\n\r\n');
  await closed(garbage);

  // TLS without or with another protocol.
  const mute = await dialTls(port, { ALPNProtocols: [] });
  await closed(mute);
  await expect(dialTls(port, { ALPNProtocols: ['h2'] })).rejects.toThrow();

  // TLS and then bytes that are no HTTP/2.
  const noise = await dialTls(port);
  noise.write(Buffer.alloc(5000, 0x7f));
  await closed(noise);

  // Says nothing (slowloris).
  await closed(await dialTls(port));

  // Speaks HTTP/2, answers the registration, and then sends an endless line, or nothing.
  for (const flood of [true, false]) {
    const socket = await dialTls(port);
    const session = http2.performServerHandshake(socket);
    session.on('error', () => {});
    session.on('stream', (stream) => {
      stream.on('error', () => {});
      stream.respond({ ':status': 200 });
      if (flood) stream.write('x'.repeat(10_000));
    });
    await closed(socket);
  }
  expect(edge.sessions).toEqual([]);

  startEngine(cleanup, { edges: [edge.target] });
  await until(() => edge.sessions.length === 1);
  // Admitted connections are not cut by the time limit of strangers.
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(edge.sessions).toHaveLength(1);
});

test.runIf(process.platform === 'linux')('one stranger cannot keep agents from elsewhere out', async () => {
  const edge = await startEdge(cleanup, certificate);
  const crowd: net.Socket[] = [];
  let cut = 0;
  cleanup.add(() => crowd.forEach((socket) => socket.destroy()));
  for (let index = 0; index < 300; index += 1) {
    const socket = net.connect({ port: edge.target.port, host: '127.0.0.1', localAddress: '127.0.0.2' });
    socket.on('error', () => {});
    socket.once('close', () => (cut += 1));
    crowd.push(socket);
    await new Promise((resolve) => socket.once('connect', resolve));
  }
  // There is room for 256, and the rest of this crowd may not displace its own.
  await until(() => cut === 300 - 256);
  const { reports } = startEngine(cleanup, { edges: [edge.target] });
  await until(() => last(reports)?.phase === 'connected');
  // It waited on the place of one of them.
  await until(() => cut === 300 - 255);
});

test('TLS 1.2 is refused by the edge and by the agent', async () => {
  const edge = await startEdge(cleanup, certificate);
  await expect(dialTls(edge.target.port, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' })).rejects.toThrow();

  let secured = 0;
  const old = tls.createServer({ ...certificate, maxVersion: 'TLSv1.2', ALPNProtocols: [tunnelAlpn.h2] }, () => {
    secured += 1;
  });
  const port = await listen(old);
  cleanup.add(() => old.close());
  const { reports } = startEngine(cleanup, { edges: [{ ...edge.target, port }] });
  const waiting = await until(() => everIn(reports, 'waiting'));
  expect(waiting.problem?.code).toBe('SP_TUNNEL_DISCONNECTED');
  expect(secured).toBe(0);
});

test('an edge that asks for something before its verdict is not served', async () => {
  let reached = 0;
  const origin = http.createServer((_request, response) => {
    reached += 1;
    response.end();
  });
  const port = await listen(origin);
  cleanup.add(() => origin.close());
  const statuses: unknown[] = [];
  let rst: number | undefined;
  const impatient = tls.createServer(
    { ...certificate, minVersion: 'TLSv1.3', ALPNProtocols: [tunnelAlpn.h2] },
    (socket) => {
      const session = http2.connect('https://agent', { createConnection: () => socket });
      session.on('error', () => {});
      cleanup.add(() => session.destroy());
      const stream = session.request({ ':authority': `127.0.0.1:${port}`, ':scheme': 'http', ':path': '/' });
      stream.on('error', () => {});
      stream.on('response', (fields) => statuses.push(fields[':status']));
      stream.on('close', () => {
        rst = stream.rstCode;
      });
    },
  );
  const edgePort = await listen(impatient);
  cleanup.add(() => impatient.close());
  const target = { name: 'e', host: '127.0.0.1', port: edgePort, serverName: 'edge.test', caBundle: certificate.cert };
  startEngine(cleanup, { edges: [target], allow: [{ host: '127.0.0.1', port, protocol: 'TCP' }] });
  await until(() => rst !== undefined);
  expect(rst).toBe(http2.constants.NGHTTP2_REFUSED_STREAM);
  expect(statuses).toEqual([]);
  expect(reached).toBe(0);
});

test('more requests than a connection carries get an honest 503', async () => {
  const waiting: http.ServerResponse[] = [];
  const tunnel = await tunnelToService(cleanup, certificate, (_request, response) => {
    waiting.push(response);
  });
  const session = tunnel.session();
  const fields = { ':authority': tunnel.backend, ':scheme': 'http', ':path': '/' };
  for (let index = 0; index < 2000; index += 1) session.request(fields).on('error', () => {});
  const { message } = await ask(tunnel.port);
  expect(message.statusCode).toBe(503);
  expect(message.headers['proxy-status']).toBe('sallyport-edge; error=connection_limit_reached');
  session.close();
});

test('traffic is reported in totals', async () => {
  const tunnel = await tunnelToService(cleanup, certificate, (request, response) => request.pipe(response));
  await ask(tunnel.port, { method: 'POST' }, '12345');
  const expected = { requests: 1, bytesIn: 5, bytesOut: 5, activeStreams: 0 };
  await until(() => JSON.stringify(tunnel.traffic.at(-1)) === JSON.stringify(expected));
});
