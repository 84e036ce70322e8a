/**
 * The body of a watch: JSON objects, one a line, until the server ends it.
 */
import type { IncomingMessage } from 'node:http';

import { errorOfStatus, KubeError, type StatusBody } from './kube-error.ts';

/** BOOKMARK carries only a newer resourceVersion. ERROR never arrives here: it ends the watch with a KubeError. */
export type WatchEvent<T> = { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: T };

type WatchLine<T> = WatchEvent<T> | { readonly type: 'ERROR'; readonly object: StatusBody };

/** Longest event accepted; an object has at most about 1.5 MB in etcd. */
const maxLineLength = 8 << 20;

/** Hands each event to `onEvent`. Resolves when the server ends the stream, rejects when it breaks or says ERROR. */
export async function readWatch<T>(stream: IncomingMessage, onEvent: (event: WatchEvent<T>) => void): Promise<void> {
  for await (const line of linesOf(stream)) {
    if (line === '') continue;
    const event = parseLine<T>(line);
    if (event.type === 'ERROR') throw errorOfStatus(event.object);
    onEvent(event);
  }
}

function parseLine<T>(line: string): WatchLine<T> {
  try {
    return JSON.parse(line) as WatchLine<T>;
  } catch (error) {
    // Never skipped: what is lost here would be missing for ever.
    const facts = { status: 0, reason: 'BrokenWatch' };
    throw new KubeError('The watch was cut in the middle of an event', facts, { cause: error });
  }
}

/** The lines of `stream`, the last one also if it was cut. */
async function* linesOf(stream: IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of stream.setEncoding('utf8')) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > maxLineLength) {
      throw new KubeError(`An event is longer than ${maxLineLength} characters`, { status: 0, reason: 'TooLong' });
    }
    yield* lines;
  }
  if (rest !== '') yield rest;
}
