/**
 * The body of a watch: JSON objects, one a line, until the server ends it.
 */
import type { IncomingMessage } from 'node:http';

import { KubeError, type StatusBody } from './kube-error.ts';

/** BOOKMARK carries only a newer resourceVersion. ERROR never arrives here: it ends the watch with a KubeError. */
export type WatchEvent<T> = { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: T };

type WatchLine<T> = WatchEvent<T> | { readonly type: 'ERROR'; readonly object: StatusBody };

function parseLine<T>(line: string): WatchLine<T> {
  try {
    return JSON.parse(line) as WatchLine<T>;
  } catch (error) {
    throw new KubeError(
      'The watch was cut in the middle of an event',
      { status: 0, reason: 'BrokenWatch' },
      { cause: error },
    );
  }
}

/** Longest event accepted; an object has at most about 1.5 MB in etcd. */
const maxLineLength = 8 << 20;

/** The complete lines of `stream`. */
async function* linesOf(stream: IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of stream.setEncoding('utf8')) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > maxLineLength) throw new Error(`An event is longer than ${maxLineLength} characters`);
    yield* lines;
  }
  if (rest !== '') yield rest;
}

/** Hands each event to `onEvent`. Resolves when the stream ends or `signal` aborts; rejects with KubeError. */
export async function readWatch<T>(
  stream: IncomingMessage,
  signal: AbortSignal,
  onEvent: (event: WatchEvent<T>) => void,
): Promise<void> {
  // The silence bound of ordinary calls does not hold here: an idle watch is silent by nature.
  stream.socket.setTimeout(0);
  try {
    for await (const line of linesOf(stream)) {
      if (line === '') continue;
      const event = parseLine<T>(line);
      if (event.type === 'ERROR') {
        const { message = 'The watch failed', reason = 'Unknown', code = 0 } = event.object;
        throw new KubeError(message, { status: code, reason });
      }
      onEvent(event);
    }
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof KubeError) throw error;
    throw new KubeError((error as Error).message, { status: 0, reason: 'BrokenWatch' }, { cause: error });
  } finally {
    stream.destroy();
  }
}
