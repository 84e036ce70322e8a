/**
 * The transports of the comparison by name. Each is loaded only where it is used.
 */
import { systemClock } from '#base/clock.ts';
import { builtQuicAddon } from '#tunnel/testing/quic-addon.ts';
import type { QuicBackend } from '#tunnel/transport/quic/backend.ts';
import { createQuinnBackend } from '#tunnel/transport/quic/quinn/quinn-backend.ts';

import { createCurrentspaceBackend } from './currentspace/currentspace-backend.ts';
import type { Transport } from './transport.ts';
import { http2OverTls } from './transports/http2.ts';
import { overQuic } from './transports/quic.ts';
import { tcp, tls13 } from './transports/sockets.ts';

function quinn(): QuicBackend {
  const file = process.env['BENCH_QUIC_ADDON'] ?? builtQuicAddon();
  if (file === null) throw new Error('The QUIC addon is not built: node scripts/build-native.ts');
  return createQuinnBackend({ file, clock: systemClock });
}

/** The service reads first, so a registration's worth for strangers is no hindrance here. */
const currentspace = (): QuicBackend => createCurrentspaceBackend({ strangerBytes: 64 * 1024 });

export const transports: Readonly<Record<string, Transport>> = {
  tcp,
  tls: tls13,
  http2: http2OverTls,
  'quinn-bbr': overQuic(quinn),
  'quinn-cubic': overQuic(quinn, { congestionControl: 'cubic' }),
  currentspace: overQuic(currentspace),
  // What the package does by itself: the same, with credit for everything.
  'currentspace-no-credits': overQuic(currentspace, { streamWindowBytes: 2 ** 40, connectionWindowBytes: 2 ** 40 }),
  'quinn-bbr-no-gso': overQuic(quinn, { segmentationOffload: false }),
};
