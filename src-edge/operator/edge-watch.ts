/**
 * Listens to what each edge sees (a service that stops answering its visitors, a tunnel that comes or goes), so that the
 * operator looks at once and not at its next round.
 *
 * Level-based: an observation only names what to look at, and whenever a stream begins or ends everything is looked at,
 * since something may have been missed.
 */
import { createBackoff } from '#base/backoff.ts';
import { sleep, type Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { Secret } from '#base/secret.ts';
import type { DRTPServer } from '#contract/resources/generated.ts';
import type { Informer } from '#kube/informer.ts';
import { formatKey, keyOf } from '#kube/object-key.ts';

import { observationsPath, parseObservation, pulseMs, type Observation } from '../probe-wire.ts';
import { edgeRequest, visitorPort } from './edge-request.ts';

export type EdgeWatch = {
  /** Ends all streams. */
  close(): Promise<void>;
};

/** Without a byte for this long the edge is gone, whatever the socket says. */
const silenceMs = 2.5 * pulseMs;
/** Longest line that is kept; an observation has at most a quarter of it. */
const maxLineBytes = 4096;

export function watchEdges(options: {
  readonly edges: Pick<Informer<DRTPServer>, 'list' | 'onChange'>;
  readonly token: Secret<string>;
  readonly onObservation: (observation: Observation) => void;
  /** Something may have been missed. */
  readonly onGap: () => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}): EdgeWatch {
  const { clock, random, log } = options;
  type Watch = { readonly address: string; readonly stop: () => Promise<void> };
  const watches = new Map<string, Watch>();

  const addressOf = (edge: DRTPServer): string => `${edge.spec.address} ${visitorPort(edge) ?? ''}`;

  const begin = (edge: DRTPServer): Watch => {
    const stopping = new AbortController();
    const backoff = createBackoff({ firstMs: 500, capMs: 10_000, random });
    const run = async (): Promise<void> => {
      while (!stopping.signal.aborted) {
        const opened = await readObservations(edge, { ...options, signal: stopping.signal });
        if (stopping.signal.aborted) return;
        if (opened) {
          backoff.reset();
          options.onGap();
        }
        const retryInMs = backoff.next();
        log.debug('the edge is not watched', { edge: edge.metadata.name, opened, retryInMs });
        await sleep(clock, retryInMs, stopping.signal);
      }
    };
    const running = run();
    return {
      address: addressOf(edge),
      stop: () => {
        stopping.abort();
        return running;
      },
    };
  };

  const follow = (edge: DRTPServer, isGone: boolean): void => {
    const key = formatKey(keyOf(edge));
    const known = watches.get(key);
    if (!isGone && known?.address === addressOf(edge)) return;
    void known?.stop();
    if (isGone) watches.delete(key);
    else watches.set(key, begin(edge));
  };
  const unsubscribe = options.edges.onChange((edge, change) => follow(edge, change === 'deleted'));
  for (const edge of options.edges.list()) follow(edge, false);

  return {
    close: async () => {
      unsubscribe();
      await Promise.all([...watches.values()].map(({ stop }) => stop()));
    },
  };
}

/** Reads one stream to its end. Resolves to whether the edge ever answered with one; never rejects. */
function readObservations(
  edge: DRTPServer,
  options: Pick<Parameters<typeof watchEdges>[0], 'token' | 'onObservation' | 'onGap' | 'clock'> & {
    readonly signal: AbortSignal;
  },
): Promise<boolean> {
  return new Promise((resolve) => {
    const { signal, clock } = options;
    const request = edgeRequest(edge, { host: edge.spec.address, path: observationsPath, token: options.token });
    if (request === null) {
      resolve(false);
      return;
    }
    let opened = false;
    const end = (): void => void request.destroy();
    let cancelSilence = clock.after(silenceMs, end);
    const heard = (): void => {
      cancelSilence();
      cancelSilence = clock.after(silenceMs, end);
    };
    signal.addEventListener('abort', end);
    request.once('close', () => {
      cancelSilence();
      signal.removeEventListener('abort', end);
      resolve(opened);
    });
    // It closes after an error, and that is all there is to know.
    request.on('error', () => {});
    request.once('response', (response) => {
      if (response.statusCode !== 200) {
        end();
        return;
      }
      opened = true;
      options.onGap();
      let rest = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        heard();
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          const observation = line === '' ? null : parseObservation(line);
          if (observation !== null) options.onObservation(observation);
        }
        if (rest.length > maxLineBytes) end();
      });
      response.on('error', () => {});
      response.once('end', end);
    });
    request.end();
  });
}
