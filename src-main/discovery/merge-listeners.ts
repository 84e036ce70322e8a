/**
 * Makes services of sockets: one for each, however many sockets and processes it has, if this machine can reach it.
 */
import type { Listener } from './listing/listener.ts';

/** What listens, once for each service however many sockets it has. */
export type Listening = Listener & {
  /** Where this machine reaches it. */
  readonly reachedAt: string;
  /** True if no other service listens on the same port, so that `localhost` is unmistakable. */
  readonly aloneOnPort: boolean;
};

const anyIpv4 = '0.0.0.0';
const anyIpv6 = '::';
/** What `localhost` stands for. */
export const localhostAddresses: readonly string[] = ['127.0.0.1', '::1'];

/** Whether `address` means every address of this machine. */
export function isEverywhere(address: string): boolean {
  return address === anyIpv4 || address === anyIpv6;
}

function isLocal(address: string): boolean {
  // SECURITY: only loopback is ever spoken to, so that a look at this machine stays on this machine.
  return isEverywhere(address) || address === '::1' || address.startsWith('127.');
}

/** Prefers every address over loopback, and IPv4 over IPv6, which some machines have switched off. */
function breadth(address: string): number {
  return [anyIpv4, anyIpv6, ...localhostAddresses].indexOf(address) >>> 0;
}

function reachedAt(address: string): string {
  if (address === anyIpv4) return '127.0.0.1';
  return address === anyIpv6 ? '::1' : address;
}

/** A process that two sockets have in common is the same service; where none is told, the port stands for it. */
function serviceKey({ port, pid }: Listener): string {
  return `${port} ${pid ?? ''}`;
}

/** Each service once, by its widest address; what does not listen for this machine itself is left out. */
export function mergeListeners(listeners: readonly Listener[]): readonly Listening[] {
  // Workers share their parent's socket: the oldest process stands for it.
  const sockets = new Map<string, Listener>();
  for (const listener of listeners.filter(({ address }) => isLocal(address))) {
    const key = `${listener.port} ${listener.address}`;
    const known = sockets.get(key);
    if (known === undefined || (listener.pid ?? Infinity) < (known.pid ?? Infinity)) sockets.set(key, listener);
  }
  const services = new Map<string, Listener>();
  for (const listener of sockets.values()) {
    const known = services.get(serviceKey(listener));
    if (known === undefined || breadth(listener.address) < breadth(known.address)) {
      services.set(serviceKey(listener), listener);
    }
  }
  const all = [...services.values()];
  return all.map((listener) => ({
    ...listener,
    reachedAt: reachedAt(listener.address),
    aloneOnPort: all.every((other) => other === listener || other.port !== listener.port),
  }));
}
