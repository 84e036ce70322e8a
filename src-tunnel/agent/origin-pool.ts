/**
 * Keep-alive connections to backends, opened by our dialler only, so that nothing is dialled that was not checked.
 */
import { Agent, type AgentOptions } from 'node:http';
import type { Socket } from 'node:net';

import { limits } from '../limits.ts';
import type { HostPort } from './address.ts';
import type { Dialler } from './dial.ts';

type OnCreate = (error: unknown, socket?: Socket) => void;

const options: AgentOptions = {
  keepAlive: true,
  maxFreeSockets: limits.pooledIdleSockets,
  timeout: limits.pooledIdleMs,
  scheduling: 'lifo',
};

export function createOriginPool(scheme: 'http' | 'https', dialler: Dialler): Agent {
  const pool = new Agent(options);
  const createConnection = ({ host, port }: HostPort, onCreate: OnCreate): void => {
    const target = { host, port };
    const opening = scheme === 'https' ? dialler.tls(target) : dialler.tcp(target);
    opening.then((socket) => onCreate(null, socket)).catch(onCreate);
  };
  return Object.assign(pool, { createConnection });
}
