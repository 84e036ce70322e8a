import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { createListeners } from '#base/listeners.ts';
import { createLogger } from '#base/logger.ts';
import { createManualClock, type ManualClock } from '#base/manual-clock.ts';
import { AgentError } from '#contract/errors/agent-error.ts';
import type { KubernetesObject } from '#contract/resources/object-meta.ts';
import { createController, type Controller, type ControllerOptions } from './controller.ts';
import type { Change, Informer } from './informer.ts';
import { KubeError } from './kube-error.ts';
import { formatKey, keyOf, type ObjectKey } from './object-key.ts';

const key = (name: string): ObjectKey => ({ namespace: 'default', name });
const object = (name: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: { namespace: 'default', name },
});
const kubeError = (status: number, retryAfterMs: number | null = null): KubeError =>
  new KubeError('no', { status, reason: `Reason${status}`, retryAfterMs });

/** Lets everything run that waits only for promises. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** An informer that the test fills by hand. */
function createSource() {
  const objects = new Map<string, KubernetesObject>();
  const changes = createListeners<{ readonly object: KubernetesObject; readonly change: Change }>();
  let release = (): void => {};
  const synced = new Promise<void>((resolve) => (release = resolve));
  const informer: Informer<KubernetesObject> = {
    start: () => {},
    stop: () => Promise.resolve(),
    synced: (signal) =>
      Promise.race([synced, new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()))]),
    hasSynced: true,
    get: (wanted) => objects.get(formatKey(wanted)),
    list: () => [...objects.values()],
    onChange: (listener) => changes.add((event) => listener(event.object, event.change)),
    health: { connected: true, error: null },
    onHealth: () => () => {},
  };
  return {
    informer,
    sync: () => release(),
    put: (name: string) => {
      objects.set(formatKey(key(name)), object(name));
      changes.emit({ object: object(name), change: 'added' });
    },
    remove: (name: string) => {
      objects.delete(formatKey(key(name)));
      changes.emit({ object: object(name), change: 'deleted' });
    },
  };
}

const succeeds: ControllerOptions['reconcile'] = async () => {};
const failsWith =
  (error: Error): ControllerOptions['reconcile'] =>
  async () => {
    throw error;
  };

let clock: ManualClock;
let lines: Record<string, unknown>[];
let reconciled: string[];
let outcome: ControllerOptions['reconcile'];
let controller: Controller;

const create = (options: Partial<ControllerOptions> = {}): Controller => {
  controller = createController({
    name: 'things',
    clock,
    random: () => 0,
    log: createLogger({
      level: 'info',
      sink: (line) => lines.push(JSON.parse(line) as Record<string, unknown>),
      now: () => clock.now(),
    }),
    reconcile: (subject, log) => {
      reconciled.push(formatKey(subject));
      return outcome(subject, log);
    },
    ...options,
  });
  return controller;
};

beforeEach(() => {
  clock = createManualClock();
  lines = [];
  reconciled = [];
  outcome = succeeds;
});

afterEach(async () => {
  await controller.stop();
});

describe('work', () => {
  test('begins with everything there is, once every informer has listed', async () => {
    const things = createSource();
    const others = createSource();
    create();
    controller.watch(things.informer, (subject) => [keyOf(subject)]);
    controller.watch(others.informer, () => [key('from-other')]);
    things.put('a');
    others.put('x');
    const starting = controller.start();
    things.sync();
    await settle();
    expect(reconciled).toEqual([]);
    others.sync();
    await starting;
    await controller.idle();
    expect(reconciled.toSorted()).toEqual(['default/a', 'default/from-other']);
  });

  test('follows every change, deletions too', async () => {
    const things = createSource();
    create().watch(things.informer, (subject) => [keyOf(subject)]);
    things.sync();
    await controller.start();
    things.put('a');
    await controller.idle();
    things.remove('a');
    await controller.idle();
    expect(reconciled).toEqual(['default/a', 'default/a']);
  });

  test('remembers what was enqueued before it began', async () => {
    create().enqueue({ namespace: null, name: 'early' });
    await settle();
    expect(reconciled).toEqual([]);
    await controller.start();
    await controller.idle();
    expect(reconciled).toEqual(['early']);
  });

  test('comes round again without any event', async () => {
    const things = createSource();
    create({ resyncMs: 1000, random: () => 0.5 }).watch(things.informer, (subject) => [keyOf(subject)]);
    things.put('a');
    things.sync();
    await controller.start();
    await controller.idle();
    clock.advance(1049);
    expect(reconciled).toHaveLength(1);
    clock.advance(1);
    await controller.idle();
    clock.advance(1050);
    await controller.idle();
    expect(reconciled).toHaveLength(3);
  });

  test('comes back when a pass asks for it', async () => {
    outcome = () => Promise.resolve({ requeueAfterMs: 500 });
    create().enqueue(key('a'));
    await controller.start();
    await controller.idle();
    clock.advance(500);
    await controller.idle();
    expect(reconciled).toHaveLength(2);
  });

  test('is logged with controller, key and pass', async () => {
    outcome = (_subject, log) => {
      log.info('looked');
      return Promise.resolve();
    };
    create().enqueue(key('a'));
    controller.enqueue(key('b'));
    await controller.start();
    await controller.idle();
    expect(lines).toMatchObject([
      { message: 'looked', controller: 'things', key: 'default/a', reconcileId: 1 },
      { message: 'looked', controller: 'things', key: 'default/b', reconcileId: 2 },
    ]);
  });
});

describe('a failed pass', () => {
  /** Fails once with `error`; the milliseconds until the next pass, to a precision of 10. */
  const delayAfter = async (error: Error): Promise<number> => {
    outcome = failsWith(error);
    create().enqueue(key('a'));
    await controller.start();
    await controller.idle();
    outcome = succeeds;
    for (let waited = 0; waited <= 120_000; waited += 10) {
      if (reconciled.length > 1) return waited;
      clock.advance(10);
    }
    throw new Error('no second pass');
  };

  test.each([
    ['a conflict, at once', kubeError(409), 50],
    ['no answer, soon', kubeError(0), 50],
    ['a server’s error, soon', kubeError(500), 50],
    ['a bug, soon', new TypeError('undefined'), 50],
    ['something that passes, soon', new AgentError('SP_CONTROL_PLANE_UNREACHABLE', { reason: '' }), 50],
    ['too many requests, when the server says', kubeError(429, 7000), 7000],
    ['an unknown account, slowly', kubeError(401), 30_000],
    ['a lack of rights, slowly', kubeError(403), 30_000],
    ['an invalid object, slowly', kubeError(422), 30_000],
    ['what a person must mend, slowly', new AgentError('SP_CONTROL_PLANE_NOT_CHOSEN'), 30_000],
  ])('is tried again after %s', async (_name, error, expected) => {
    expect(await delayAfter(error)).toBe(expected);
  });

  test('for good is tried at once when its object changes', async () => {
    const things = createSource();
    outcome = failsWith(kubeError(422));
    create().watch(things.informer, (subject) => [keyOf(subject)]);
    things.sync();
    await controller.start();
    things.put('a');
    await controller.idle();
    things.put('a');
    await controller.idle();
    expect(reconciled).toHaveLength(2);
  });

  test('is one line in the log until it fails differently or succeeds', async () => {
    const fail = async (error: Error | null): Promise<void> => {
      outcome = error === null ? succeeds : failsWith(error);
      controller.enqueue(key('a'));
      await controller.idle();
    };
    await create().start();
    await fail(kubeError(403));
    await fail(kubeError(403));
    await fail(kubeError(422));
    await fail(kubeError(422));
    await fail(null);
    await fail(kubeError(422));
    await fail(kubeError(409));
    expect(lines.map(({ level, error, reconcileId }) => [level, (error as KubeError).message, reconcileId])).toEqual([
      ['warn', 'no', 1],
      ['warn', 'no', 3],
      ['warn', 'no', 6],
    ]);
  });
});

describe('stopping', () => {
  test('before every informer has listed ends the start', async () => {
    const things = createSource();
    create().watch(things.informer, (subject) => [keyOf(subject)]);
    const starting = controller.start();
    await controller.stop();
    await starting;
    things.put('a');
    await settle();
    expect(reconciled).toEqual([]);
  });

  test('ends once the pass under way has ended; nothing runs or waits afterwards', async () => {
    let end = (): void => {};
    outcome = () => new Promise<void>((resolve) => (end = resolve));
    const things = createSource();
    create().watch(things.informer, (subject) => [keyOf(subject)]);
    things.put('a');
    things.sync();
    await controller.start();
    let stopped = false;
    const stopping = controller.stop().then(() => (stopped = true));
    await settle();
    expect(stopped).toBe(false);
    end();
    await stopping;
    things.put('b');
    controller.enqueue(key('c'));
    await settle();
    expect(reconciled).toEqual(['default/a']);
    expect(clock.pending).toBe(0);
  });
});
