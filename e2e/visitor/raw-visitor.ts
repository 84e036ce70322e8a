/**
 * A visitor that writes its bytes itself: old versions, pipelines, half requests.
 */
import { connect, type Socket } from 'node:net';

export type RawVisitor = {
  readonly socket: Socket;
  send(text: string): void;
  /** Everything that came so far, as latin1. */
  readonly received: () => string;
  /** Resolves once it matches what came so far; rejects after ten seconds. */
  expect(pattern: RegExp): Promise<void>;
  /** Resolves when the edge has ended the connection: with a FIN, or broken. */
  readonly ended: Promise<'whole' | 'broken'>;
};

const patienceMs = 10_000;

export function connectRaw(port: number): RawVisitor {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  let sawEnd = false;
  const listeners = new Set<() => void>();
  socket.setEncoding('latin1').on('data', (text: string) => {
    received += text;
    for (const listener of listeners) listener();
  });
  socket.on('error', () => {});
  socket.once('end', () => {
    sawEnd = true;
  });
  const ended = new Promise<'whole' | 'broken'>((resolve) => {
    socket.once('close', (hadError) => resolve(sawEnd && !hadError ? 'whole' : 'broken'));
  });
  return {
    socket,
    send: (text) => void socket.write(text, 'latin1'),
    received: () => received,
    ended,
    expect: (pattern) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          listeners.delete(look);
          reject(new Error(`waited in vain for ${String(pattern)} in:\n${received.slice(0, 2000)}`));
        }, patienceMs);
        const look = (): void => {
          if (!pattern.test(received)) return;
          clearTimeout(timer);
          listeners.delete(look);
          resolve();
        };
        listeners.add(look);
        look();
      }),
  };
}
