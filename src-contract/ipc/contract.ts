/**
 * The agent's API, one table: window, tray, command line and tests derive their types from it.
 *
 * A `call` answers once; a `watch` sends the whole state first and again after each change (level-based, so a missed
 * item costs nothing). Params are validated on arrival by the schema given here, whoever sent them.
 */
import { z } from 'zod';

import type { AgentState, TrafficSample } from '../agent-state.ts';
import type { Discovery } from '../discovery.ts';
import type { Problem } from '../errors/agent-error.ts';

/** Carries a type through the table without a runtime validator: results come from our own code. */
type TypeOf<T> = { readonly type?: T };
const typeOf = <T>(): TypeOf<T> => ({});

export const serviceName: z.ZodString = z.string().regex(/^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/);
const host = z.string().min(1).max(253);
const port = z.int().min(1).max(65_535);
const nothing = z.strictObject({});
/** Ports that may be asked for by number in one call. */
export const maxDiscoveredPorts = 32;

/** A context of a kubeconfig file. */
export type KubeconfigContext = { readonly name: string; readonly server: string; readonly namespace: string };

export const contract = {
  calls: {
    /** The present state, once. */
    'state.get': { params: nothing, result: typeOf<AgentState>() },
    /** Starts the playground on this machine and uses it as the control plane. */
    'controlPlane.usePlayground': { params: nothing, result: typeOf<null>() },
    /** The contexts of a kubeconfig; without a path, of KUBECONFIG or ~/.kube/config. */
    'controlPlane.listContexts': {
      params: z.strictObject({ path: z.string().min(1).max(4096).optional() }),
      result: typeOf<{
        readonly path: string;
        readonly contexts: readonly KubeconfigContext[];
        /** The context that `kubectl` would use. */
        readonly currentContext?: string | null;
      }>(),
    },
    'controlPlane.useKubeconfig': {
      params: z.strictObject({ path: z.string().min(1).max(4096), context: z.string().min(1).max(512) }),
      result: typeOf<null>(),
    },
    /**
     * What listens on this machine. Asks each port, politely, what it is (docs/discovery.md), so it is for a person who
     * waits for the answer: never call it from a timer. Fails with SP_DISCOVERY_FAILED.
     */
    'service.discover': {
      params: z.strictObject({
        /** Only these ports are asked; without it, all. */
        ports: z.array(port).min(1).max(maxDiscoveredPorts).optional(),
        /** Look again, although the last look was seconds ago. */
        again: z.boolean().optional(),
      }),
      result: typeOf<Discovery>(),
    },
    /** Publishes a service; answers once it is declared, not once it is ready (watch the state for that). */
    'service.expose': {
      params: z.strictObject({
        name: serviceName,
        host,
        port,
        /** Withdraw the service when the client that exposed it goes away. */
        ephemeral: z.boolean().optional(),
      }),
      result: typeOf<null>(),
    },
    /** Switches a service on or off; name and URL stay. */
    'service.setEnabled': {
      params: z.strictObject({ name: serviceName, enabled: z.boolean() }),
      result: typeOf<null>(),
    },
    /** Withdraws and forgets a service; answers once nothing of it is published any more. */
    'service.delete': { params: z.strictObject({ name: serviceName }), result: typeOf<null>() },
    /**
     * Makes now whatever attempt the agent waits for: to start an engine or a server of its playground that keeps
     * stopping, to reach the control plane, to be admitted by an edge that refused. Answers at once.
     */
    'agent.retryNow': { params: nothing, result: typeOf<null>() },
    /**
     * A new link to the window in a browser; it works once, and the one before it no longer. Fails with
     * SP_WEB_NOT_SERVED.
     */
    'web.newLink': { params: nothing, result: typeOf<{ readonly url: string }>() },
  },
  watches: {
    'state.watch': { params: nothing, item: typeOf<AgentState>() },
    /** One sample a second for the whole agent; the first item holds up to the last minute. */
    'traffic.watch': { params: nothing, item: typeOf<readonly TrafficSample[]>() },
  },
} as const;

export type Contract = typeof contract;
export type CallName = keyof Contract['calls'];
export type WatchName = keyof Contract['watches'];
export type CallParams<N extends CallName> = z.infer<Contract['calls'][N]['params']>;
export type CallResult<N extends CallName> = Exclude<Contract['calls'][N]['result']['type'], undefined>;
export type WatchItem<N extends WatchName> = Exclude<Contract['watches'][N]['item']['type'], undefined>;

/** What a call answers on the wire: never a bare message. */
export type Envelope<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

/** The client side; `window.agent` in the renderer, and what the command line holds. */
export type AgentClient = {
  call<N extends CallName>(name: N, params: CallParams<N>): Promise<Envelope<CallResult<N>>>;
  /** `listener` gets the whole state first. Returns the function that ends the watch. */
  watch<N extends WatchName>(name: N, listener: (item: WatchItem<N>) => void): () => void;
};

/** Who made a call: something that may go away, and must then release what it held. */
export type Caller = { readonly id: string; onGone(release: () => void): void };

/** The server side: one handler a call, one source a watch. */
export type AgentHandlers = {
  readonly calls: {
    readonly [N in CallName]: (params: CallParams<N>, caller: Caller) => Promise<CallResult<N>>;
  };
  readonly watches: {
    readonly [N in WatchName]: (listener: (item: WatchItem<N>) => void) => () => void;
  };
};
