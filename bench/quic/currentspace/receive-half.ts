/**
 * The receiving half of a stream: what has arrived and nobody read is counted against the credit that was given.
 */
import { Readable } from 'node:stream';

import { QuicStreamError, type QuicReceiveStream } from '#tunnel/transport/quic/backend.ts';

export type ReceiveOwner = {
  readonly streamWindowBytes: number;
  /** The other may have sent up to `limit` bytes on this stream. */
  grant(id: number, limit: number): void;
  /** So many bytes need no memory any more. */
  consumed(count: number): void;
  /** It sent more than it was allowed to. */
  overrun(): void;
  sayStop(id: number, code: number): void;
  sayFinished(id: number): void;
  receiveOver(id: number): void;
};

export class ReceiveHalf extends Readable implements QuicReceiveStream {
  readonly id: number;
  readonly #owner: ReceiveOwner;
  #waiting: Buffer[] = [];
  #wanted = false;
  #endSeen = false;
  #completeSaid = false;
  #ended = false;
  #over = false;
  #received = 0;
  #consumed = 0;
  #granted: number;
  #stopCode = 0;

  constructor(id: number, owner: ReceiveOwner) {
    super({ highWaterMark: 64 * 1024 });
    this.id = id;
    this.#owner = owner;
    this.#granted = owner.streamWindowBytes;
  }

  stop(code: number): void {
    this.#stopCode = code;
    this.destroy();
  }

  /** What came from the network. */
  arrived(piece: Buffer): void {
    this.#received += piece.length;
    if (this.#received > this.#granted) {
      this.#owner.overrun();
      return;
    }
    if (this.destroyed) {
      this.#owner.consumed(piece.length);
      return;
    }
    this.#waiting.push(piece);
    this.#pump();
  }

  /** The package's stream has ended. */
  endSeen(): void {
    this.#endSeen = true;
    this.#finishOnce();
  }

  /** The other says that the end is no accident; may come before the end or behind it. */
  completeSaid(): void {
    this.#completeSaid = true;
    this.#finishOnce();
  }

  #finishOnce(): void {
    if (this.#ended || !this.#endSeen || !this.#completeSaid) return;
    this.#ended = true;
    this.#owner.sayFinished(this.id);
    this.#pump();
    this.#conclude();
  }

  /** The other has given up; what has not been read is worth nothing. */
  wasReset(code: number): void {
    if (this.#ended) return;
    this.#ended = true;
    this.destroy(new QuicStreamError('reset', code));
    this.#conclude();
  }

  lost(error: Error): void {
    if (!this.#ended) this.destroy(error);
  }

  override _read(): void {
    this.#wanted = true;
    this.#pump();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (!this.#ended) this.#owner.sayStop(this.id, this.#stopCode);
    for (const piece of this.#waiting.splice(0)) this.#owner.consumed(piece.length);
    callback(error);
  }

  #pump(): void {
    while (this.#wanted && !this.destroyed) {
      const piece = this.#waiting.shift();
      if (piece === undefined) break;
      this.#consumed += piece.length;
      this.#owner.consumed(piece.length);
      this.#wanted = this.push(piece);
    }
    if (this.#ended && this.#waiting.length === 0 && !this.destroyed) this.push(null);
    const limit = this.#consumed + this.#owner.streamWindowBytes;
    if (this.#ended || limit - this.#granted < this.#owner.streamWindowBytes / 2) return;
    this.#granted = limit;
    this.#owner.grant(this.id, limit);
  }

  #conclude(): void {
    if (this.#over) return;
    this.#over = true;
    this.#owner.receiveOver(this.id);
  }
}
