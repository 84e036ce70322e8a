import { describe, expect, test } from 'vitest';

import { systemClock, type Clock } from '#base/clock.ts';
import { silentLogger } from '#base/logger.ts';
import { createManualClock } from '#base/manual-clock.ts';
import type { Connector } from '#contract/resources/generated.ts';
import { KubeError, type ResourceClient } from '#kube/client.ts';
import type { Informer } from '#kube/informer.ts';
import type { VerifiedClaim } from '#tunnel/edge/tunnel-listener.ts';

import { createAdmission } from './admission.ts';

const key = 'a'.repeat(64);

function connector(name: string, uid: string, id: string | null = key, provenSince?: string): Connector {
  return {
    apiVersion: 'networking.datumapis.com/v1alpha1',
    kind: 'Connector',
    metadata: { name, namespace: 'default', uid },
    spec: { connectorClassName: 'sallyport' },
    status: {
      ...(id === null ? {} : { connectionDetails: { type: 'PublicKey', publicKey: { id } } }),
      ...(provenSince === undefined ? {} : { provenKey: { id: key, since: provenSince } }),
    },
  };
}

function claim(name: string, uid: string): VerifiedClaim {
  return {
    type: 'claim',
    namespace: 'default',
    name,
    uid,
    publicKey: key,
    signature: 'b'.repeat(128),
    agentVersion: 'test',
  };
}

/** What the edge has heard of, and what the control plane would say if asked. */
function setUp(clock: Clock = systemClock) {
  const heard = new Map<string, Connector>();
  const truth = new Map<string, Connector>();
  const listeners = new Set<(object: Connector, change: 'added' | 'modified' | 'deleted') => void>();
  let reachable = true;
  let draining = false;
  let synced = true;
  const syncListeners = new Set<() => void>();
  const informer = {
    get hasSynced() {
      return synced;
    },
    synced: (signal?: AbortSignal) =>
      new Promise<void>((resolve) => {
        signal?.addEventListener('abort', () => resolve());
        syncListeners.add(resolve);
      }),
    get: ({ name }: { readonly name: string }) => heard.get(name),
    onChange: (listener: (object: Connector, change: 'added' | 'modified' | 'deleted') => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const resource = {
    get: ({ name }: { readonly name: string }) =>
      reachable
        ? Promise.resolve(truth.get(name) ?? null)
        : Promise.reject(new KubeError('away', { status: 0, reason: 'NoAnswer' })),
  };
  const admission = createAdmission({
    connectors: informer as unknown as Informer<Connector>,
    resource: resource as unknown as ResourceClient<Connector>,
    isDraining: () => draining,
    newConnectionId: () => 'connection-1',
    clock,
    log: silentLogger,
  });
  return {
    truth,
    hear: (object: Connector, change: 'added' | 'modified' | 'deleted') => {
      if (change === 'deleted') heard.delete(object.metadata.name ?? '');
      else heard.set(object.metadata.name ?? '', object);
      for (const listener of listeners) listener(object, change);
    },
    restarted: () => {
      synced = false;
    },
    sync: () => {
      synced = true;
      for (const listener of syncListeners) listener();
    },
    cut: () => {
      reachable = false;
    },
    drain: () => {
      draining = true;
    },
    admit: async (name: string, uid: string) => {
      const verdict = await admission.admit(claim(name, uid), new AbortController().signal);
      return verdict.type === 'admitted' ? 'admitted' : verdict.code;
    },
  };
}

describe('admission', () => {
  test('asks the control plane before it refuses for what it has not heard', async () => {
    const { admit, truth } = setUp();
    expect(await admit('a', '1')).toBe('ConnectorNotFound');
    truth.set('a', connector('a', '1'));
    expect(await admit('a', '1')).toBe('admitted');
  });

  test('waits for a key that is on its way', async () => {
    const { admit, truth, hear } = setUp();
    truth.set('a', connector('a', '1', null));
    const verdict = admit('a', '1');
    // The first question to the control plane is answered by then.
    await Promise.resolve().then(() => Promise.resolve());
    truth.set('a', connector('a', '1'));
    hear(connector('a', '1'), 'modified');
    expect(await verdict).toBe('admitted');
  });

  test('without the control plane lets in who was in, and nobody else', async () => {
    const { admit, truth, cut } = setUp();
    truth.set('a', connector('a', '1'));
    expect(await admit('a', '1')).toBe('admitted');
    cut();
    expect(await admit('a', '1')).toBe('admitted');
    expect(await admit('a', '2')).toBe('ControlPlaneUnavailable');
    expect(await admit('b', '2')).toBe('ControlPlaneUnavailable');
  });

  test('keeps a key for its first proven holder until that has gone or has another key', async () => {
    const { admit, truth, hear } = setUp();
    truth.set('a', connector('a', '1'));
    truth.set('b', connector('b', '2'));
    expect(await admit('b', '2')).toBe('admitted');
    expect(await admit('a', '1')).toBe('KeyConflict');
    hear(connector('b', '2', 'c'.repeat(64)), 'modified');
    expect(await admit('a', '1')).toBe('admitted');
    expect(await admit('b', '2')).toBe('KeyConflict');
    hear(connector('a', '1'), 'deleted');
    expect(await admit('b', '2')).toBe('admitted');
  });

  test('keeps a key for whom the control plane remembers, whoever comes first after a restart', async () => {
    const { admit, truth, hear, restarted, sync } = setUp();
    restarted();
    truth.set('a', connector('a', '1', key, '2026-01-01T00:00:00.000Z'));
    truth.set('b', connector('b', '2'));
    const verdict = admit('b', '2');
    for (const each of truth.values()) hear(each, 'added');
    sync();
    expect(await verdict).toBe('KeyConflict');
    expect(await admit('a', '1')).toBe('admitted');
    hear(connector('a', '1', 'c'.repeat(64), '2026-01-01T00:00:00.000Z'), 'modified');
    expect(await admit('b', '2')).toBe('admitted');
  });

  test('gives a key that two edges admitted at once to whoever proved it first', async () => {
    const { admit, truth, hear } = setUp();
    truth.set('a', connector('a', '1', key, '2026-01-01T00:00:01.000Z'));
    truth.set('b', connector('b', '2', key, '2026-01-01T00:00:00.000Z'));
    for (const each of truth.values()) hear(each, 'added');
    expect(await admit('a', '1')).toBe('KeyConflict');
    expect(await admit('b', '2')).toBe('admitted');
    hear(connector('b', '2', key, '2026-01-01T00:00:00.000Z'), 'deleted');
    expect(await admit('a', '1')).toBe('admitted');
  });

  test('admits nobody before it knows which connectors there are', async () => {
    const clock = createManualClock();
    const { admit, truth, restarted } = setUp(clock);
    restarted();
    truth.set('a', connector('a', '1'));
    const verdict = admit('a', '1');
    clock.advance(5000);
    expect(await verdict).toBe('ControlPlaneUnavailable');
  });

  test('is closed while the edge drains', async () => {
    const { admit, truth, drain } = setUp();
    truth.set('a', connector('a', '1'));
    drain();
    expect(await admit('a', '1')).toBe('Draining');
  });
});
