/**
 * What is compared, reduced to what all of it has: links that carry streams, some of them datagrams as well.
 */
import type { Readable, Writable } from 'node:stream';

export type Stream = { readonly readable: Readable; readonly writable: Writable };

/** One connection; where a stream is a connection of its own (TCP), what its streams have in common. */
export type Link = {
  openStream(): Promise<Stream>;
  /** Null where there are none. */
  readonly datagrams: {
    send(datagram: Buffer): boolean;
    receive(listener: (datagram: Buffer) => void): void;
  } | null;
  close(): Promise<void>;
};

/** The service's side. A link is announced once, its streams one by one. */
export type Visitors = {
  onStream(stream: Stream): void;
  onDatagrams(datagrams: NonNullable<Link['datagrams']>): void;
};

export type Identity = { readonly certificate: string; readonly key: string };

export type Transport = {
  /** Resolves with the port. `address` is an IP address of this machine; port 0 is any. */
  listen(options: {
    readonly address: string;
    readonly port: number;
    readonly identity: Identity;
    readonly visitors: Visitors;
  }): Promise<number>;
  /** `ca` is the service's certificate, PEM. */
  dial(options: { readonly address: string; readonly port: number; readonly ca: string }): Promise<Link>;
};

/** The name in the service's certificate. */
export const serverName = 'edge.test';
