/**
 * What the engine may dial and let through: the intersection, and nothing more.
 */
import { expect, it } from 'vitest';

import type { Connector, ConnectorAdvertisement, DRTPServer } from '#contract/resources/generated.ts';

import type { Service } from '../services/service-registry.ts';
import { desiredAdvertisement, desiredConnector } from './desired-resources.ts';
import { engineConfigOf } from './engine-config.ts';

const publisher = { namespace: 'default', connector: 'laptop-abcde' };
const bare = desiredConnector({ ...publisher, className: 'sallyport', device: { name: 'laptop', os: 'Linux' } });
const connector: Connector = { ...bare, metadata: { ...bare.metadata, uid: 'uid-1' } };
const service: Service = {
  name: 'demo',
  host: 'localhost',
  port: 3000,
  enabled: true,
  createdAt: '',
  removing: false,
  ephemeral: false,
};
const advertisement = desiredAdvertisement(service, publisher);
const server: DRTPServer = {
  apiVersion: 'datumapis.com/v1alpha',
  kind: 'DRTPServer',
  metadata: { name: 'edge-1' },
  spec: {
    address: '192.0.2.1',
    ports: [{ name: 'tunnel-h2', port: 7443 }],
    protocols: ['sallyport-h2/1'],
    caBundle: 'PEM',
  },
};
const config = (services: readonly Service[], advertisements: readonly ConnectorAdvertisement[]) =>
  engineConfigOf({ connector, servers: [server], advertisements, services });

it('dials nothing and allows nothing while the connector does not exist', () => {
  expect(engineConfigOf({ connector: undefined, servers: [server], advertisements: [], services: [] })).toEqual({
    connector: null,
    edges: [],
    allow: [],
  });
});

it('allows what is advertised and wanted here', () => {
  expect(config([service], [advertisement]).allow).toEqual([{ host: 'localhost', port: 3000, protocol: 'TCP' }]);
});

it.each([
  ['nothing was advertised', [service], []],
  ['it was not exposed on this machine', [], [advertisement]],
  ['it is switched off here', [{ ...service, enabled: false }], [advertisement]],
  ['it is being removed', [{ ...service, removing: true }], [advertisement]],
  ['the port differs', [{ ...service, port: 22 }], [advertisement]],
  [
    'the advertisement is another connector’s',
    [service],
    [{ ...advertisement, spec: { ...advertisement.spec, connectorRef: { name: 'other' } } }],
  ],
  [
    'the advertisement is being deleted',
    [service],
    [{ ...advertisement, metadata: { ...advertisement.metadata, deletionTimestamp: 'now' } }],
  ],
] as const)('allows nothing when %s', (_, services, advertisements) => {
  expect(config(services, advertisements).allow).toEqual([]);
});

it('verifies the name the edge gives for its certificate, else its address', () => {
  expect(config([], []).edges[0]).toMatchObject({ host: '192.0.2.1', port: 7443, serverName: '192.0.2.1' });
  const named = { ...server, spec: { ...server.spec, tunnelServerName: 'edge.internal' } };
  const { edges } = engineConfigOf({ connector, servers: [named], advertisements: [], services: [] });
  expect(edges[0]?.serverName).toBe('edge.internal');
});

it('leaves out edges that speak no tunnel of ours or are being deleted', () => {
  const servers = [
    { ...server, spec: { ...server.spec, protocols: ['sallyport-h3/1'] } },
    { ...server, spec: { ...server.spec, ports: [{ name: 'http', port: 80 }] } },
    { ...server, metadata: { name: 'edge-2', deletionTimestamp: 'now' } },
  ];
  expect(engineConfigOf({ connector, servers, advertisements: [], services: [] }).edges).toEqual([]);
});
