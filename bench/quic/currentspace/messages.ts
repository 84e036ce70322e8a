/**
 * What the two ends tell each other beside the data, on the client's first stream: messages of one length.
 */

export const kinds = {
  /** The limits of the start, then this. */
  hello: 1,
  streamWindow: 2,
  /** Everything the other may have sent on all streams together. */
  connectionLimit: 3,
  /** Everything the other may have sent on stream `id`. */
  streamLimit: 4,
  /** Streams the other may have opened. */
  bidirectionalLimit: 5,
  unidirectionalLimit: 6,
  /** No more of stream `id`: STOP_SENDING. */
  stop: 7,
  /** What was sent of stream `id` is not the whole: RESET_STREAM. */
  reset: 8,
  /** All of stream `id` is here. */
  finished: 9,
  /** The end of stream `id` is its end; without this it could be that of a stream that was given up. */
  complete: 10,
} as const;

export type Message = { readonly kind: number; readonly id: number; readonly value: number };

const messageBytes = 13;

export function encode(kind: number, id: number, value: number): Buffer {
  const message = Buffer.alloc(messageBytes);
  message.writeUInt8(kind, 0);
  message.writeUInt32BE(id, 1);
  message.writeBigUInt64BE(BigInt(value), 5);
  return message;
}

/** Gives a function to be called with each piece that arrives. */
export function createDecoder(take: (message: Message) => void): (piece: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (piece) => {
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    let at = 0;
    for (; at + messageBytes <= bytes.length; at += messageBytes) {
      take({ kind: bytes.readUInt8(at), id: bytes.readUInt32BE(at + 1), value: Number(bytes.readBigUInt64BE(at + 5)) });
    }
    rest = Buffer.from(bytes.subarray(at));
  };
}
