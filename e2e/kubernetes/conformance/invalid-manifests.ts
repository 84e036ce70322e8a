/**
 * Manifests that no control plane may take, one mistake each: what is wrong, and what the refusal has to say.
 */
import { absent, type KindName } from './manifests.ts';

export type Mistake = {
  readonly kind: KindName;
  /** Where the mistake is made, in a manifest that is valid otherwise. */
  readonly path: string;
  readonly value: unknown;
  /** The field that the refusal names; where it is not `path`. */
  readonly field?: string;
  /** What the message must say is allowed, in the words of either server. */
  readonly allowed: string | RegExp;
};

const required = 'Required value';
const text = (length: number): string => 'x'.repeat(length);
const many = <T>(count: number, make: (index: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, i) => make(i));

const service = 'spec.layer4[0].services[0]';
const port = `${service}.ports[0]`;
const details = 'status.connectionDetails';
const rule = 'spec.rules[0]';
const backend = `${rule}.backends[0]`;
const condition = 'status.conditions[0]';

/** Kind, path, value, what is allowed, and the field where it is another than the path. */
type Row = readonly [kind: KindName, path: string, value: unknown, allowed: string | RegExp, field?: string];

const rows: readonly Row[] = [
  ['Connector', 'spec', absent, required],
  ['Connector', 'spec', 'laptop', 'object'],
  ['Connector', 'spec', [], 'object'],
  ['Connector', 'spec.connectorClassName', absent, required],
  ['Connector', 'spec.connectorClassName', null, required],
  ['Connector', 'spec.connectorClassName', 7, 'string'],
  ['Connector', 'spec.connectorClassName', '', '1'],
  ['Connector', 'spec.connectorClassName', text(254), '253'],
  ['Connector', 'spec.connectorClassName', 'Not A Name', '[a-z0-9]'],
  ['Connector', 'spec.capabilities', {}, 'array'],
  ['Connector', 'spec.capabilities', many(17, (index) => ({ type: `C${index}` })), '16'],
  [
    'Connector',
    'spec.capabilities',
    [{ type: 'ConnectTCP' }, { type: 'ConnectTCP' }],
    'Duplicate value',
    'spec.capabilities[1]',
  ],
  ['Connector', 'spec.capabilities[0]', 'ConnectTCP', 'object'],
  ['Connector', 'spec.capabilities[0].type', absent, required],
  ['Connector', 'spec.capabilities[0].type', 'CONNECT TCP', 'A-Za-z0-9'],
  ['Connector', 'spec.capabilities[0].enabled', 'yes', 'boolean'],
  ['Connector', 'spec.capabilities[0].connectTCP', true, 'object'],
  ['Connector', 'spec.capabilities[0].connectTCP.disabled', 'no', 'boolean'],

  ['Connector', `${details}.type`, absent, required],
  ['Connector', `${details}.type`, 'Pigeon', '"PublicKey", "IPAddress", "Hostname"'],
  ['Connector', `${details}.publicKey.id`, absent, required],
  ['Connector', `${details}.publicKey.id`, 'abc', '{64}'],
  ['Connector', `${details}.publicKey.discoveryMode`, 'Guess', '"DNS"'],
  ['Connector', `${details}.publicKey.homeRelay`, 'relay', 'https?://'],
  ['Connector', `${details}.publicKey.addresses[0].port`, 0, '1'],
  ['Connector', `${details}.publicKey.addresses[0].address`, 'laptop', '[0-9A-Fa-f:.]'],
  ['Connector', `${details}.ipAddress.addresses[0].address`, '10.0.0.256', '25[0-5]'],
  ['Connector', `${details}.ipAddress.addresses[0].port`, 65_536, '65535'],
  ['Connector', `${details}.ipAddress.addresses`, absent, required],
  ['Connector', `${details}.hostname.name`, 'no host', '[A-Za-z'],
  ['Connector', `${details}.hostname.port`, 'https', 'integer'],
  ['Connector', 'status.provenKey.since', 'yesterday', 'date-time'],
  ['Connector', 'status.leaseRef.name', absent, required],
  ['Connector', 'status.leaseRef.name', 'Lease!', '[a-z0-9]'],
  ['Connector', `${condition}.status`, 'Perhaps', '"True", "False", "Unknown"'],
  ['Connector', `${condition}.status`, true, 'string'],
  ['Connector', `${condition}.reason`, '', '1'],
  ['Connector', `${condition}.message`, absent, required],
  ['Connector', `${condition}.lastTransitionTime`, '2026-01-02', 'date-time'],
  ['Connector', `${condition}.observedGeneration`, -1, '0'],
  ['Connector', `${condition}.observedGeneration`, 1.5, /integer|int64/],

  ['ConnectorClass', 'spec', absent, required],
  ['ConnectorClass', 'spec.controllerName', '', '1'],
  ['ConnectorClass', 'spec.controllerName', 'no-domain', '[a-z0-9]'],
  ['ConnectorClass', 'spec.controllerName', `example.com/${text(253)}`, '253'],
  ['ConnectorClass', 'spec.leaseOwner', 'Nobody', '"Controller", "Agent"'],

  ['ConnectorAdvertisement', 'spec.connectorRef', absent, required],
  ['ConnectorAdvertisement', 'spec.connectorRef', 'laptop', 'object'],
  ['ConnectorAdvertisement', 'spec.connectorRef.name', absent, required],
  ['ConnectorAdvertisement', 'spec.connectorRef.name', '', '1'],
  ['ConnectorAdvertisement', 'spec.connectorRef.name', 'two words', '[a-z0-9]'],
  ['ConnectorAdvertisement', 'spec.layer4', 'web', 'array'],
  ['ConnectorAdvertisement', 'spec.layer4[0].name', absent, required],
  ['ConnectorAdvertisement', 'spec.layer4[0].services', [], '1'],
  ['ConnectorAdvertisement', 'spec.layer4[0].services', absent, required],
  ['ConnectorAdvertisement', `${service}.address`, absent, required],
  ['ConnectorAdvertisement', `${service}.address`, '', /1 char|1 character/],
  ['ConnectorAdvertisement', `${service}.address`, '10.0.0.256', '25[0-5]'],
  ['ConnectorAdvertisement', `${service}.address`, 'http://127.0.0.1', '25[0-5]'],
  ['ConnectorAdvertisement', `${service}.address`, 'a.*.example.com', '25[0-5]'],
  ['ConnectorAdvertisement', `${service}.ports`, absent, required],
  [
    'ConnectorAdvertisement',
    `${service}.ports`,
    [
      { name: 'a', port: 1 },
      { name: 'a', port: 2 },
    ],
    'Duplicate value',
    `${service}.ports[1]`,
  ],
  ['ConnectorAdvertisement', `${port}.port`, 0, '1'],
  ['ConnectorAdvertisement', `${port}.port`, 65_536, '65535'],
  ['ConnectorAdvertisement', `${port}.port`, '3000', 'integer'],
  ['ConnectorAdvertisement', `${port}.port`, 3000.5, /integer|int32/],
  ['ConnectorAdvertisement', `${port}.protocol`, 'SCTP', '"TCP", "UDP"'],
  ['ConnectorAdvertisement', `${port}.protocol`, 'tcp', '"TCP", "UDP"'],
  ['ConnectorAdvertisement', 'spec.layer3[0].cidrs', [], '1'],
  ['ConnectorAdvertisement', 'spec.layer3[0].cidrs[0]', '10.0.0.0/33', 'cidr'],
  ['ConnectorAdvertisement', 'spec.layer3[0].cidrs[0]', '10.0.0.1', 'cidr'],
  ['ConnectorAdvertisement', 'spec.layer3[0].cidrs[0]', 10, /string|cidr/],

  ['HTTPProxy', 'spec.rules', absent, required],
  ['HTTPProxy', 'spec.rules', [], '1'],
  ['HTTPProxy', 'spec.rules', many(17, () => ({})), '16'],
  ['HTTPProxy', 'spec.hostnames', 'shop.example.com', 'array'],
  ['HTTPProxy', 'spec.hostnames[0]', '192.0.2.1', '[A-Za-z'],
  ['HTTPProxy', 'spec.hostnames[0]', '*.example.com', '[A-Za-z'],
  ['HTTPProxy', 'spec.hostnames[0]', 'shop.example.com:443', '[A-Za-z'],
  ['HTTPProxy', `${rule}.name`, '', '1'],
  ['HTTPProxy', `${rule}.matches`, [], '1'],
  ['HTTPProxy', `${rule}.matches[0].path.type`, 'RegularExpression', '"Exact", "PathPrefix"'],
  ['HTTPProxy', `${rule}.matches[0].path.value`, 'shop', '^/'],
  ['HTTPProxy', `${rule}.matches[0].path.value`, `/${text(1024)}`, '1024'],
  ['HTTPProxy', `${rule}.backends`, many(2, () => ({ endpoint: 'http://a:1' })), '1'],
  ['HTTPProxy', `${backend}.endpoint`, absent, required],
  ['HTTPProxy', `${backend}.endpoint`, '', 'https?://'],
  ['HTTPProxy', `${backend}.endpoint`, '127.0.0.1:3000', 'https?://'],
  ['HTTPProxy', `${backend}.endpoint`, 'ftp://127.0.0.1', 'https?://'],
  ['HTTPProxy', `${backend}.endpoint`, 'http://user@127.0.0.1', 'https?://'],
  ['HTTPProxy', `${backend}.endpoint`, 'http://127.0.0.1/path', 'https?://'],
  ['HTTPProxy', `${backend}.endpoint`, 'http://127.0.0.1:0', 'https?://'],
  ['HTTPProxy', `${backend}.endpoint`, 'http://127.0.0.1:65536', 'https?://'],
  ['HTTPProxy', `${backend}.connector`, 'laptop', 'object'],
  ['HTTPProxy', `${backend}.connector.name`, absent, required],
  ['HTTPProxy', `${backend}.connector.name`, text(64), '63'],
  ['HTTPProxy', `${backend}.connector.name`, 'my.laptop', '[a-z0-9]'],
  ['HTTPProxy', 'status.addresses[0].type', 'Street', '"IPAddress", "Hostname"'],

  ['DRTPServer', 'spec.address', absent, required],
  ['DRTPServer', 'spec.address', 'https://edge.example.com', '25[0-5]'],
  ['DRTPServer', 'spec.latitude', 91, '90'],
  ['DRTPServer', 'spec.latitude', 'north', 'number'],
  ['DRTPServer', 'spec.longitude', -181, '-180'],
  ['DRTPServer', 'spec.ports', [], '1'],
  ['DRTPServer', 'spec.ports[0].name', 'Tunnel H2', '[a-z0-9]'],
  ['DRTPServer', 'spec.ports[0].port', 70_000, '65535'],
  ['DRTPServer', 'spec.protocols', absent, required],
  ['DRTPServer', 'spec.protocols', [], '1'],
  ['DRTPServer', 'spec.protocols[0]', 'two words', '[!-~]'],
  ['DRTPServer', 'spec.caBundle', absent, required],
  ['DRTPServer', 'spec.caBundle', 'not a certificate', 'BEGIN CERTIFICATE'],
  ['DRTPServer', 'spec.domain', '.example.com', '[A-Za-z'],
  ['DRTPServer', 'status.health', 'Fine', '"Healthy", "Draining", "Unhealthy"'],

  ['Lease', 'spec.leaseDurationSeconds', 0, /greater than 0|>= 1/],
  ['Lease', 'spec.leaseTransitions', -1, '0'],

  ['Connector', 'metadata.name', absent, required],
  ['Connector', 'metadata.name', 'Laptop', /lower/],
  ['Connector', 'metadata.name', text(254), '253'],
  ['Connector', 'metadata.labels', { app: 'two words' }, 'alphanumeric'],
  ['Connector', 'metadata.labels', { 'two words': 'x' }, 'alphanumeric'],
  ['Connector', 'metadata.labels', { app: text(64) }, '63'],
  ['Connector', 'metadata.annotations', { 'two words': 'x' }, 'alphanumeric'],
  ['Connector', 'metadata.finalizers', ['not qualified!'], 'alphanumeric'],
  [
    'Connector',
    'metadata.ownerReferences',
    [{ apiVersion: 'v1', kind: 'Namespace', name: 'default', uid: '' }],
    'must not be empty',
    'metadata.ownerReferences.uid',
  ],
];

export const mistakes: readonly Mistake[] = rows.map(([kind, path, value, allowed, field]) => ({
  kind,
  path,
  value,
  allowed,
  ...(field === undefined ? {} : { field }),
}));
