/**
 * The sending half of a stream as a Writable: a chunk is done once quinn has taken all of it.
 */
import { Writable } from 'node:stream';

import { QuicStreamError, type QuicSendStream } from '../backend.ts';
import { answers, type NativeStream } from './native.ts';
import type { Readiness } from './readiness.ts';

type Done = (error?: Error | null) => void;

export class QuinnSendStream extends Writable implements QuicSendStream {
  readonly id: number;
  readonly #native: NativeStream;
  readonly #failure: () => Error;
  readonly #forget: readonly (() => void)[];
  readonly #settled: Promise<boolean>;
  #settle: (delivered: boolean) => void = () => {};
  #rest: Buffer[] = [];
  #done: Done | null = null;
  #finished = false;
  #over = false;
  #resetCode = 0;

  /** `failure` gives the error of a connection that was lost. */
  constructor(native: NativeStream, readiness: Readiness, failure: () => Error) {
    super({ highWaterMark: 64 * 1024 });
    this.id = native.id;
    this.#native = native;
    this.#failure = failure;
    this.#settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#forget = [
      readiness.when(native.writableHandle, () => this.#pump()),
      readiness.when(native.settledHandle, () => this.#askSettled()),
    ];
    this.#askSettled();
  }

  reset(code: number): void {
    this.#resetCode = code;
    this.destroy();
  }

  delivered(): Promise<boolean> {
    return this.#settled;
  }

  override _write(chunk: Buffer, _encoding: string, done: Done): void {
    this.#rest = [chunk];
    this.#done = done;
    this.#pump();
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: Done): void {
    this.#rest = chunks.map(({ chunk }) => chunk);
    this.#done = done;
    this.#pump();
  }

  override _final(done: Done): void {
    this.#finished = true;
    this.#native.finish();
    done();
  }

  override _destroy(error: Error | null, callback: Done): void {
    if (!this.#finished && !this.#over) this.#native.reset(this.#resetCode);
    // A finished stream is destroyed while its last bytes are still on their way; whether they arrive is yet to be told.
    if (!this.#finished) this.#conclude(false);
    this.#rest = [];
    callback(error);
    // Whoever waits for the chunk under way learns that it was not taken.
    const done = this.#done;
    this.#done = null;
    done?.(error ?? this.#failure());
  }

  #pump(): void {
    while (!this.#over) {
      const chunk = this.#rest[0];
      if (chunk === undefined) {
        const done = this.#done;
        this.#done = null;
        done?.();
        return;
      }
      const count = chunk.length === 0 ? 0 : this.#native.write(chunk);
      if (count === chunk.length) this.#rest.shift();
      else if (count > 0) this.#rest[0] = chunk.subarray(count);
      else if (count === answers.notYet) return;
      else return this.#fail(count);
    }
  }

  #askSettled(): void {
    if (this.#over) return;
    const answer = this.#native.settled();
    if (answer === answers.finished) this.#conclude(true);
    else if (answer !== answers.notYet) this.#fail(answer);
  }

  #fail(answer: number): void {
    this.#conclude(false);
    const stopped = answer === answers.aborted;
    this.destroy(stopped ? new QuicStreamError('stopped', this.#native.sendAbortCode) : this.#failure());
  }

  #conclude(delivered: boolean): void {
    this.#over = true;
    for (const forget of this.#forget) forget();
    this.#settle(delivered);
  }
}
