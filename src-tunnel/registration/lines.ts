/**
 * Newline-delimited JSON over one HTTP/2 stream, with a bound on what a stranger may make us hold.
 */
import type { Duplex } from 'node:stream';

import { maxRegistrationLineBytes } from '#contract/wire/registration.ts';

export type LineChannel = {
  /** The next line as parsed JSON, unvalidated; null once the channel has ended or broke its rules. */
  next(): Promise<unknown>;
  /** `sent` is called once the line is on its way, before anything written later. */
  send(value: object, sent?: () => void): void;
};

const newline = 0x0a;

export function createLineChannel(stream: Duplex): LineChannel {
  let pending = Buffer.alloc(0);
  let ended = false;
  let waiting: (() => void) | null = null;

  const wake = (): void => {
    waiting?.();
    waiting = null;
  };
  const end = (): void => {
    ended = true;
    wake();
  };

  stream.on('data', (chunk: Buffer) => {
    if (ended) return;
    pending = Buffer.concat([pending, chunk]);
    // SECURITY: one exchange needs one line at a time; whoever sends more is cut off instead of being stored.
    if (pending.length > maxRegistrationLineBytes) {
      pending = Buffer.alloc(0);
      end();
      return;
    }
    wake();
  });
  stream.once('end', end);
  stream.once('close', end);

  const take = (): Buffer | null => {
    const at = pending.indexOf(newline);
    if (at < 0) return null;
    const line = pending.subarray(0, at);
    pending = pending.subarray(at + 1);
    return line;
  };

  return {
    next: async () => {
      for (;;) {
        const line = take();
        if (line !== null) {
          try {
            return JSON.parse(line.toString('utf8')) as unknown;
          } catch {
            ended = true;
            return null;
          }
        }
        if (ended) return null;
        await new Promise<void>((resolve) => {
          waiting = resolve;
        });
      }
    },
    send: (value, sent) => {
      if (stream.writable) stream.write(`${JSON.stringify(value)}\n`, () => sent?.());
    },
  };
}
