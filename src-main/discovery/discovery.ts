/**
 * Finds what a person could expose: lists what listens on this machine, asks each port what it is, and orders it.
 *
 * Runs only when it is asked to. A look is kept for a few seconds, and there is one look at a time.
 */
import type { Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { Discovery } from '#contract/discovery.ts';
import { AgentError } from '#contract/errors/agent-error.ts';
import type { CallParams } from '#contract/ipc/contract.ts';

import type { ListListeners } from './listing/listener.ts';
import { mergeListeners, type Listening } from './merge-listeners.ts';
import { offersOf, type Identified, type KnownService } from './offers.ts';
import { identify } from './probes/identify.ts';
import { guess } from './probes/well-known.ts';
import { isToolProgram } from './tool-programs.ts';

export type DiscoverOptions = CallParams<'service.discover'>;

export type ServiceDiscovery = {
  /** What listens now, or listened seconds ago. Throws SP_DISCOVERY_FAILED. */
  discover(options: DiscoverOptions): Promise<Discovery>;
};

/** A list for a person; whoever has more types the port. */
const maxServices = 100;
const probesAtOnce = 32;
const listTimeoutMs = 5000;
/** Ports that have not been asked by then are guessed. */
const probeTimeoutMs = 6000;
const freshMs = 5000;

type Look = { readonly found: readonly Identified[]; readonly omitted: number };
type KeptLook = { readonly look: Promise<Look>; endedAt: number | null };

/** Runs `work` with a signal that aborts after `limitMs`. */
async function within<T>(clock: Clock, limitMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const limit = new AbortController();
  const cancel = clock.after(limitMs, () => limit.abort());
  try {
    return await work(limit.signal);
  } finally {
    cancel();
  }
}

/** `work` on each of `items`, at most `atOnce` at a time, results in the order of the items. */
async function mapAtMost<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const take = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, take));
  return results;
}

export function createServiceDiscovery(options: {
  readonly listListeners: ListListeners;
  /** The agent's own processes at this moment; what they listen on is not offered. */
  readonly ownPids: () => ReadonlySet<number>;
  readonly knownServices: () => readonly KnownService[];
  readonly homeDirectory: string;
  readonly clock: Clock;
  readonly log: Logger;
}): ServiceDiscovery {
  const { listListeners, ownPids, knownServices, homeDirectory, clock, log } = options;
  let kept: KeptLook | null = null;

  const list = async (): Promise<readonly Listening[]> => {
    try {
      const own = ownPids();
      const listening = mergeListeners(await within(clock, listTimeoutMs, listListeners));
      return listening.filter(({ pid }) => pid === null || !own.has(pid));
    } catch (error) {
      log.warn('listening ports cannot be listed', { error });
      const reason = error instanceof Error ? error.message : String(error);
      throw new AgentError('SP_DISCOVERY_FAILED', { reason }, { cause: error });
    }
  };

  const lookAt = async (ports: readonly number[] | null): Promise<Look> => {
    const all = await list();
    const wanted = ports === null ? all : all.filter(({ port }) => ports.includes(port));
    const listening = wanted.slice(0, maxServices);
    const found = await within(clock, probeTimeoutMs, (signal) =>
      mapAtMost(listening, probesAtOnce, async (each): Promise<Identified> => {
        const { reachedAt: host, port, process } = each;
        const isAsked = !isToolProgram(process) && !signal.aborted;
        const identity = isAsked ? await identify({ host, port }, process, { clock, signal }) : guess(port, process);
        return { listening: each, identity };
      }),
    );
    return { found, omitted: wanted.length - listening.length };
  };

  /** The last look at all ports: shared while it lasts, kept for a while after it. */
  const lookAtAll = (again: boolean): Promise<Look> => {
    if (kept !== null && (kept.endedAt === null || (!again && clock.monotonic() - kept.endedAt < freshMs))) {
      return kept.look;
    }
    const next: KeptLook = { look: lookAt(null), endedAt: null };
    kept = next;
    next.look.then(
      () => (next.endedAt = clock.monotonic()),
      () => (kept = null),
    );
    return next.look;
  };

  return {
    discover: async ({ ports, again = false }) => {
      const { found, omitted } = await (ports === undefined ? lookAtAll(again) : lookAt(ports));
      return { services: offersOf(found, knownServices(), homeDirectory), omitted };
    },
  };
}
