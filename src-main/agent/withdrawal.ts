/**
 * Removing services and waiting until nothing of them is published any more, for a bounded time.
 */
import { sleep, type Clock } from '#base/clock.ts';

import type { Service, ServiceRegistry } from '../services/service-registry.ts';

export type Withdrawal = {
  /** Removes a service for `caller`. False if the control plane did not answer in time; it then goes on by itself. */
  remove(name: string, caller: string): Promise<boolean>;
  /** Withdraws what clients held. False if not everything was withdrawn in time. */
  withdrawEphemeral(): Promise<boolean>;
};

const removeWithinMs = 30_000;
/** Shorter: somebody waits for the process to end. */
const withdrawWithinMs = 8000;

export function createWithdrawal(options: {
  readonly services: ServiceRegistry;
  /** False if certainly nothing was written for a service since it was exposed. */
  readonly mayHavePublished: (name: string) => boolean;
  readonly clock: Clock;
}): Withdrawal {
  const { services, mayHavePublished, clock } = options;

  /** A service that is not saved and of which nothing was written needs no control plane to be gone. */
  const forgetUnpublished = async (name: string): Promise<void> => {
    if (services.get(name)?.ephemeral === true && !mayHavePublished(name)) await services.forget(name);
  };

  /** Resolves once `isDone`, at the latest after `withinMs`; says whether it is. */
  const waitUntil = async (isDone: () => boolean, withinMs: number): Promise<boolean> => {
    if (isDone()) return true;
    const over = new AbortController();
    const unsubscribe = services.onChange(() => {
      if (isDone()) over.abort();
    });
    await sleep(clock, withinMs, over.signal);
    unsubscribe();
    return isDone();
  };

  return {
    remove: async (name, caller) => {
      const removing = await services.requestRemoval(name, caller);
      if (removing) await forgetUnpublished(name);
      return !removing || waitUntil(() => services.get(name) === undefined, removeWithinMs);
    },
    withdrawEphemeral: async () => {
      const isHeld = (service: Service): boolean => service.ephemeral;
      for (const { name } of services.list().filter(isHeld)) {
        await services.requestRemoval(name);
        await forgetUnpublished(name);
      }
      return waitUntil(() => !services.list().some(isHeld), withdrawWithinMs);
    },
  };
}
