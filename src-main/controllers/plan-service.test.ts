/**
 * The plan for one service: what is done, and above all what is left alone.
 */
import { describe, expect, it } from 'vitest';

import type { ConnectorAdvertisement, HTTPProxy } from '#contract/resources/generated.ts';

import type { Service } from '../services/service-registry.ts';
import { desiredAdvertisement, desiredProxy, type Publisher } from './desired-resources.ts';
import { planService, type ServiceStep } from './plan-service.ts';

const publisher: Publisher = { namespace: 'default', connector: 'laptop-abcde' };
const service: Service = {
  name: 'demo',
  host: '::1',
  port: 3000,
  enabled: true,
  createdAt: '',
  removing: false,
  ephemeral: false,
};

/** As a server gives an object back: with metadata and defaults that nobody asked for. */
function asServed<T extends HTTPProxy | ConnectorAdvertisement>(object: T): T {
  return { ...object, metadata: { ...object.metadata, uid: 'uid', resourceVersion: '7', generation: 1 } };
}
const proxyOf = (of: Service): HTTPProxy => asServed(desiredProxy(of, publisher));
const advertisementOf = (of: Service): ConnectorAdvertisement => asServed(desiredAdvertisement(of, publisher));

const steps = (
  of: Service | undefined,
  proxy?: HTTPProxy,
  advertisement?: ConnectorAdvertisement,
): readonly ServiceStep['do'][] => planService({ service: of, proxy, advertisement, publisher }).map((step) => step.do);

describe('planService', () => {
  it('declares what is missing', () => {
    expect(steps(service)).toEqual(['createProxy', 'createAdvertisement']);
    expect(steps(service, proxyOf(service))).toEqual(['createAdvertisement']);
  });

  it('leaves alone what is as it should be', () => {
    expect(steps(service, proxyOf(service), advertisementOf(service))).toEqual([]);
  });

  it('patches only what differs', () => {
    const moved = { ...service, port: 4000 };
    const [step] = planService({ service: moved, proxy: proxyOf(service), advertisement: undefined, publisher });
    expect(step).toEqual({ do: 'patchProxy', patch: { spec: desiredProxy(moved, publisher).spec } });
  });

  it('switches off by deleting the advertisement and nothing else', () => {
    const off = { ...service, enabled: false };
    expect(steps(off, proxyOf(service), advertisementOf(service))).toEqual(['deleteAdvertisement']);
    expect(steps(off, proxyOf(service))).toEqual([]);
  });

  it('withdraws the advertisement before the proxy, and forgets once both are gone', () => {
    const removing = { ...service, removing: true };
    expect(steps(removing, proxyOf(service), advertisementOf(service))).toEqual(['deleteAdvertisement', 'deleteProxy']);
    expect(steps(removing)).toEqual(['forget']);
  });

  it('waits for what is being deleted already', () => {
    const ending = { ...proxyOf(service), metadata: { ...proxyOf(service).metadata, deletionTimestamp: 'now' } };
    expect(steps(service, ending, advertisementOf(service))).toEqual([]);
    expect(steps({ ...service, removing: true }, ending)).toEqual([]);
  });

  it('cleans up after a killed agent, but never what was kept', () => {
    const held = { ...service, ephemeral: true };
    expect(steps(undefined, proxyOf(held), advertisementOf(held))).toEqual(['deleteAdvertisement', 'deleteProxy']);
    expect(steps(undefined, proxyOf(service), advertisementOf(service))).toEqual([]);
  });

  it('takes the mark of an ephemeral service off once it is kept', () => {
    const held = { ...service, ephemeral: true };
    const [step] = planService({ service, proxy: proxyOf(held), advertisement: advertisementOf(service), publisher });
    expect(step).toMatchObject({ patch: { metadata: { labels: { 'sallyport.dev/ephemeral': null } } } });
    expect(step).not.toHaveProperty('patch.spec');
  });

  it('writes an IPv6 address in brackets where it is an authority, and plain where it is an address', () => {
    expect(desiredProxy(service, publisher).spec.rules[0]?.backends?.[0]?.endpoint).toBe('http://[::1]:3000');
    expect(desiredAdvertisement(service, publisher).spec.layer4?.[0]?.services[0]?.address).toBe('::1');
  });
});
