/**
 * Notices a dead connection by HTTP/2 PING, and measures the round-trip time on the way.
 *
 * Any byte received counts as life: on a slow, busy link the answer to a PING may wait behind megabytes.
 */
import type { Http2Session } from 'node:http2';

import type { Cancel, Clock } from '#base/clock.ts';

export type LivenessOptions = {
  readonly session: Http2Session;
  readonly clock: Clock;
  readonly intervalMs: number;
  /** Silent periods after which the peer is dead. */
  readonly missedPings: number;
  readonly onRtt: (rttMs: number) => void;
  readonly onDead: () => void;
};

/** Pings at once and then every `intervalMs` until cancelled or the session ends. */
export function watchLiveness(options: LivenessOptions): Cancel {
  const { session, clock } = options;
  let silentPeriods = 0;
  let bytesSeen = -1;
  let cancelTimer: Cancel = () => {};

  const bytesRead = (): number => (session.destroyed ? 0 : session.socket.bytesRead);

  const tick = (): void => {
    if (session.destroyed) return;
    const bytes = bytesRead();
    silentPeriods = bytes === bytesSeen ? silentPeriods + 1 : 0;
    bytesSeen = bytes;
    if (silentPeriods >= options.missedPings) {
      options.onDead();
      return;
    }
    session.ping((error, durationMs) => {
      if (error === null) options.onRtt(durationMs);
    });
    cancelTimer = clock.after(options.intervalMs, tick);
  };
  tick();
  return () => cancelTimer();
}
