/**
 * The services this agent is asked to publish: those that are saved, and those held by a client until it goes away.
 *
 * Knows nothing of control planes; controllers read it and report back when a removed service is gone.
 */
import { rfc3339, type Clock } from '#base/clock.ts';
import { createListeners } from '#base/listeners.ts';
import { AgentError } from '#contract/errors/agent-error.ts';
import { serviceName, type Caller } from '#contract/ipc/contract.ts';
import { hostProblem } from '#contract/target-host.ts';

import type { AgentStore } from '../state/agent-store.ts';
import type { SavedService, SavedState } from '../state/saved-state.ts';

export type Service = SavedService & {
  /** Held by clients that are still there, and not saved. */
  readonly ephemeral: boolean;
};

export type ExposeRequest = {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly ephemeral: boolean;
};

export type ServiceRegistry = {
  /** By age, oldest first: nothing that happens to a service moves it under the pointer of who looks at the list. */
  list(): readonly Service[];
  get(name: string): Service | undefined;
  /** Called with the name of the service that changed. */
  onChange(listener: (name: string) => void): () => void;
  /**
   * Adds a service, or joins the one that already has this name and target. Throws SP_SERVICE_NAME_INVALID,
   * SP_INPUT_HOST, SP_SERVICE_NAME_TAKEN, SP_SERVICES_TOO_MANY, SP_STATE_NOT_SAVED.
   */
  expose(request: ExposeRequest, caller: Caller): Promise<void>;
  /** Throws SP_SERVICE_NOT_FOUND, SP_STATE_NOT_SAVED. */
  setEnabled(name: string, enabled: boolean): Promise<void>;
  /**
   * Marks a service for removal; it stays until `forget`. A holder among several only lets go of it. Says whether the
   * service is being removed. Throws SP_SERVICE_NOT_FOUND, SP_STATE_NOT_SAVED.
   */
  requestRemoval(name: string, caller?: string): Promise<boolean>;
  /** Drops a service of which nothing is published any more. */
  forget(name: string): Promise<void>;
};

const maxServices = 200;

/** The host as it is compared and written: lower case, an IPv6 address without its brackets. */
function normalHost(host: string): string {
  const plain = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  const reason = hostProblem(plain);
  if (reason !== null) throw new AgentError('SP_INPUT_HOST', { value: host, reason });
  return plain;
}

/** Oldest first; RFC 3339 in UTC with a fixed number of digits sorts as text. */
function byAge(a: Service, b: Service): number {
  const [left, right] = a.createdAt === b.createdAt ? [a.name, b.name] : [a.createdAt, b.createdAt];
  return left < right ? -1 : 1;
}

function taken(name: string, reason: string): AgentError {
  return new AgentError('SP_SERVICE_NAME_TAKEN', { name, reason });
}

/** `services` with `next` in the place of the service of that name, or behind the others. */
function withService(services: readonly SavedService[], next: SavedService): readonly SavedService[] {
  return [...services.filter(({ name }) => name !== next.name), next];
}

/**
 * Every decision is made inside `store.update`, which runs one after the other: what two callers ask for at once is
 * decided on what the first of them has left.
 */
export function createServiceRegistry(options: { readonly store: AgentStore; readonly clock: Clock }): ServiceRegistry {
  const { store, clock } = options;
  const changes = createListeners<string>();
  const ephemeral = new Map<string, { service: Service; readonly holders: Set<string> }>();

  const findIn = (state: SavedState, name: string): Service | undefined => {
    const kept = state.services.find((each) => each.name === name);
    return kept === undefined ? ephemeral.get(name)?.service : { ...kept, ephemeral: false };
  };

  const listIn = (state: SavedState): readonly Service[] =>
    [
      ...state.services.map((service) => ({ ...service, ephemeral: false })),
      ...[...ephemeral.values()]
        .map(({ service }) => service)
        .filter(({ name }) => !state.services.some((kept) => kept.name === name)),
    ].toSorted(byAge);

  const change = async (name: string, next: Partial<Pick<SavedService, 'enabled' | 'removing'>>): Promise<void> => {
    await store.update((state) => {
      const kept = state.services.find((each) => each.name === name);
      if (kept !== undefined) return { ...state, services: withService(state.services, { ...kept, ...next }) };
      const held = ephemeral.get(name);
      if (held === undefined) throw new AgentError('SP_SERVICE_NOT_FOUND', { name });
      held.service = { ...held.service, ...next };
      return state;
    });
    changes.emit(name);
  };

  /** Lets go of a service that `caller` held; without a holder it is removed. */
  const release = (name: string, caller: string): void => {
    const held = ephemeral.get(name);
    if (held === undefined || !held.holders.delete(caller) || held.holders.size > 0) return;
    if (findIn(store.saved, name)?.ephemeral === true) held.service = { ...held.service, removing: true };
    else ephemeral.delete(name);
    changes.emit(name);
  };

  const hold = (service: Service, caller: Caller): void => {
    const held = ephemeral.get(service.name);
    if (held === undefined) ephemeral.set(service.name, { service, holders: new Set([caller.id]) });
    else held.holders.add(caller.id);
    caller.onGone(() => release(service.name, caller.id));
  };

  return {
    list: () => listIn(store.saved),
    get: (name) => findIn(store.saved, name),
    onChange: (listener) => changes.add(listener),
    expose: async (request, caller) => {
      const { name, port } = request;
      if (!serviceName.safeParse(name).success) throw new AgentError('SP_SERVICE_NAME_INVALID', { name });
      const host = normalHost(request.host);
      await store.update((state) => {
        const known = findIn(state, name);
        if (known?.removing === true) throw taken(name, 'A service of this name is just being deleted.');
        if (known !== undefined && (known.host !== host || known.port !== port)) {
          throw taken(name, `This agent publishes ${known.host}:${known.port} under it.`);
        }
        if (known === undefined && listIn(state).length >= maxServices) {
          throw new AgentError('SP_SERVICES_TOO_MANY', { limit: maxServices });
        }
        const createdAt = known?.createdAt ?? rfc3339(clock.now());
        const service: SavedService = { name, host, port, enabled: true, createdAt, removing: false };
        const isHeld = known === undefined || known.ephemeral;
        if (request.ephemeral && isHeld) hold({ ...service, ephemeral: true }, caller);
        const staysAsSaved = request.ephemeral && (isHeld || known.enabled);
        return staysAsSaved ? state : { ...state, services: withService(state.services, service) };
      });
      if (!request.ephemeral) ephemeral.delete(name);
      changes.emit(name);
    },
    setEnabled: (name, enabled) => change(name, { enabled }),
    requestRemoval: async (name, caller) => {
      const holders = ephemeral.get(name)?.holders;
      if (caller !== undefined && holders !== undefined && holders.size > 1 && holders.delete(caller)) return false;
      await change(name, { removing: true });
      return true;
    },
    forget: async (name) => {
      await store.update((state) => {
        const kept = state.services.filter((each) => each.name !== name);
        return kept.length === state.services.length ? state : { ...state, services: kept };
      });
      ephemeral.delete(name);
      changes.emit(name);
    },
  };
}
