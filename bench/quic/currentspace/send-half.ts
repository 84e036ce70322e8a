/**
 * The sending half of a stream: sends what the other end has given credit for, and waits for more.
 */
import { Writable } from 'node:stream';

import { QuicStreamError, type QuicSendStream } from '#tunnel/transport/quic/backend.ts';

import type { PackageStream } from './package.ts';

export type SendOwner = {
  readonly streamLimitBytes: number;
  /** Takes up to `wanted` bytes off what all streams together may send; `retry` is called when there is more. */
  take(wanted: number, retry: () => void): number;
  sayReset(id: number, code: number): void;
  sayComplete(id: number): void;
  sendOver(id: number): void;
};

type Done = (error?: Error | null) => void;

/** Pieces of this size, so that one stream does not use up what all share at once. */
const pieceBytes = 64 * 1024;

export class SendHalf extends Writable implements QuicSendStream {
  readonly id: number;
  readonly #owner: SendOwner;
  readonly #open: () => PackageStream;
  readonly #settled: Promise<boolean>;
  #settle: (delivered: boolean) => void = () => {};
  #stream: PackageStream | null = null;
  #limit: number;
  #sent = 0;
  #rest: Buffer | null = null;
  #done: Done | null = null;
  #busy = false;
  #finished = false;
  #over = false;
  #resetCode = 0;

  /** `open` gives the package's stream, which then has told the other end its id. */
  constructor(id: number, owner: SendOwner, open: () => PackageStream) {
    super({ highWaterMark: pieceBytes });
    this.id = id;
    this.#owner = owner;
    this.#open = open;
    this.#limit = owner.streamLimitBytes;
    this.#settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  reset(code: number): void {
    this.#resetCode = code;
    this.destroy();
  }

  delivered(): Promise<boolean> {
    return this.#settled;
  }

  mayHaveSent(limit: number): void {
    this.#limit = Math.max(this.#limit, limit);
    this.#pump();
  }

  wasDelivered(): void {
    this.#conclude(true);
  }

  wasStopped(code: number): void {
    if (this.#over) return;
    this.#conclude(false);
    if (!this.#finished) this.#native().end();
    this.destroy(new QuicStreamError('stopped', code));
  }

  lost(error: Error): void {
    this.#settle(false);
    this.#over = true;
    this.destroy(error);
  }

  override _write(chunk: Buffer, _encoding: string, done: Done): void {
    this.#rest = chunk;
    this.#done = done;
    this.#pump();
  }

  override _final(done: Done): void {
    this.#finished = true;
    this.#native().end();
    this.#owner.sayComplete(this.id);
    done();
  }

  override _destroy(error: Error | null, callback: Done): void {
    if (!this.#finished && !this.#over) {
      this.#native().end();
      this.#owner.sayReset(this.id, this.#resetCode);
      this.#conclude(false);
    }
    this.#rest = null;
    callback(error);
    const done = this.#done;
    this.#done = null;
    done?.(error ?? new Error('The stream was destroyed.'));
  }

  #native(): PackageStream {
    this.#stream ??= this.#open();
    return this.#stream;
  }

  readonly #pump = (): void => {
    const rest = this.#rest;
    if (rest === null || this.#busy || this.#over) return;
    const allowed = Math.min(rest.length, pieceBytes, this.#limit - this.#sent);
    const count = rest.length === 0 ? 0 : this.#owner.take(Math.max(0, allowed), this.#pump);
    if (count === 0 && rest.length > 0) return;
    this.#sent += count;
    this.#busy = true;
    this.#native().write(rest.subarray(0, count), () => {
      this.#busy = false;
      if (this.#rest === null) return;
      this.#rest = rest.length > count ? rest.subarray(count) : null;
      if (this.#rest !== null) {
        this.#pump();
        return;
      }
      const done = this.#done;
      this.#done = null;
      done?.();
    });
  };

  #conclude(delivered: boolean): void {
    if (this.#over) return;
    this.#over = true;
    this.#settle(delivered);
    this.#owner.sendOver(this.id);
  }
}
