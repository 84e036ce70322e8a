/**
 * What listens on this machine, as the agent finds it when a person asks: the choices of the expose wizard and of
 * `sallyport discover`.
 */

/** What speaks on a port. `tls`: something unknown inside TLS. `http2`: HTTP/2 without TLS, as gRPC servers speak it. */
export type ServiceKind =
  | 'http'
  | 'http2'
  | 'tls'
  | 'ssh'
  | 'postgresql'
  | 'mysql'
  | 'redis'
  | 'mongodb'
  | 'amqp'
  | 'smtp'
  | 'imap'
  | 'pop3'
  | 'ftp'
  | 'vnc'
  | 'debugger'
  | 'unknown';

/** One thing that listens, most likely choice first in the list it comes in. */
export type DiscoveredService = {
  readonly port: number;
  /** Where it listens; `0.0.0.0` and `::` mean every address of this machine. */
  readonly address: string;
  /** True if it listens on every address, so that the local network may reach it already. */
  readonly openToNetwork: boolean;
  /** Null if the system does not tell: the process belongs to another user. */
  readonly pid: number | null;
  /** Name of the program, such as `node`; null if the system does not tell. */
  readonly process: string | null;
  /** Folder name of the project that the process was started in; null if there is none or it is not known. */
  readonly project: string | null;
  readonly kind: ServiceKind;
  /** False if only the port number speaks for `kind`. */
  readonly certain: boolean;
  /** True if it speaks TLS from the first byte (HTTPS when `kind` is `http`). */
  readonly secure: boolean;
  /** Title of the page at `/`; null without one. */
  readonly title: string | null;
  /** HTTP status of `/`; null if it was not asked or gave none. */
  readonly status: number | null;
  /** What it says about itself: a product and version, or the name in its certificate. */
  readonly product: string | null;
  /** `web`: what people usually expose. `service`: databases and the like. `background`: part of the system or of a tool. */
  readonly group: 'web' | 'service' | 'background';
  /** What to expose; goes into `service.expose` as it is. */
  readonly suggestedTarget: { readonly host: string; readonly port: number };
  /** A valid name that no service of this agent has, unless `exposedAs` is one. */
  readonly suggestedName: string;
  /** Name of the service of this agent that has this target already. */
  readonly exposedAs: string | null;
};

export type Discovery = {
  readonly services: readonly DiscoveredService[];
  /** How many more listen and were left out, because a list has a limit. */
  readonly omitted: number;
};
