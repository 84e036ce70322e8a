/**
 * The receiving half of a stream as a Readable: it asks quinn for bytes only when somebody wants them.
 */
import { Readable } from 'node:stream';

import { QuicStreamError, type QuicReceiveStream } from '../backend.ts';
import { answers, type NativeStream } from './native.ts';
import type { Readiness } from './readiness.ts';

/** Memory is taken in pieces of this size, and given on in slices: a system's page cache of small reads is avoided. */
const slabBytes = 64 * 1024;
/** With less room than this left, reading would make many small chunks of a large one. */
const leastRoomBytes = 16 * 1024;

export class QuinnReceiveStream extends Readable implements QuicReceiveStream {
  readonly id: number;
  readonly #native: NativeStream;
  readonly #failure: () => Error;
  readonly #forget: () => void;
  #slab: Buffer | null = null;
  #used = 0;
  #wanted = false;
  #over = false;
  #stopCode = 0;

  /** `failure` gives the error of a connection that was lost. */
  constructor(native: NativeStream, readiness: Readiness, failure: () => Error) {
    super({ highWaterMark: slabBytes });
    this.id = native.id;
    this.#native = native;
    this.#failure = failure;
    this.#forget = readiness.when(native.readableHandle, () => this.#pump());
  }

  stop(code: number): void {
    this.#stopCode = code;
    this.destroy();
  }

  override _read(): void {
    this.#wanted = true;
    this.#pump();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#forget();
    if (!this.#over) this.#native.stop(this.#stopCode);
    this.#over = true;
    this.#slab = null;
    callback(error);
  }

  #pump(): void {
    while (this.#wanted && !this.#over) {
      const slab = this.#room();
      const count = this.#native.read(slab);
      if (count > 0) {
        this.#used += count;
        this.#wanted = this.push(slab.subarray(0, count));
        continue;
      }
      if (count === answers.notYet) return;
      this.#over = true;
      if (count === answers.finished) this.push(null);
      else if (count === answers.aborted) this.destroy(new QuicStreamError('reset', this.#native.receiveAbortCode));
      else this.destroy(this.#failure());
    }
  }

  #room(): Buffer {
    if (this.#slab === null || slabBytes - this.#used < leastRoomBytes) {
      this.#slab = Buffer.allocUnsafeSlow(slabBytes);
      this.#used = 0;
    }
    return this.#slab.subarray(this.#used);
  }
}
