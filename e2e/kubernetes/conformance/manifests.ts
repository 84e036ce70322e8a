/**
 * A valid manifest of each of our kinds, where they are served, and how to spoil one.
 */

/** What the checks look at in objects, lists and refusals. */
export type Body = {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation?: number;
    readonly creationTimestamp: string;
    readonly deletionTimestamp?: string;
    readonly continue?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly items: readonly Body[];
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status: unknown;
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly details?: {
    readonly kind?: string;
    readonly group?: string;
    readonly name?: string;
    readonly causes?: readonly Cause[];
  };
};

export type Cause = { readonly field?: string; readonly reason: string; readonly message: string };

export type KindName = 'Connector' | 'ConnectorClass' | 'ConnectorAdvertisement' | 'HTTPProxy' | 'DRTPServer' | 'Lease';

type Kind = {
  readonly apiVersion: string;
  /** Path of the collection. */
  readonly path: string;
  readonly spec: unknown;
  /** A valid status, where there is one. */
  readonly status?: unknown;
};

const networking = 'networking.datumapis.com';
const inDefault = (group: string, plural: string): string => `/apis/${group}/namespaces/default/${plural}`;

/** Made anew for each use: a copy that is spoilt must not spoil another. */
const conditions = (): unknown => [
  {
    type: 'Accepted',
    status: 'True',
    reason: 'Accepted',
    message: 'as it should be',
    lastTransitionTime: '2026-01-02T03:04:05Z',
    observedGeneration: 1,
  },
];

export const kinds: Readonly<Record<KindName, Kind>> = {
  Connector: {
    apiVersion: `${networking}/v1alpha1`,
    path: inDefault(`${networking}/v1alpha1`, 'connectors'),
    spec: {
      connectorClassName: 'sallyport',
      capabilities: [{ type: 'ConnectTCP', enabled: true, connectTCP: { disabled: false } }],
    },
    status: {
      conditions: conditions(),
      capabilities: [{ type: 'ConnectTCP', conditions: conditions() }],
      connectionDetails: {
        type: 'PublicKey',
        publicKey: {
          id: '0123456789abcdef'.repeat(4),
          homeRelay: 'https://relay.example.com',
          addresses: [{ address: '192.0.2.1', port: 4433 }],
        },
        ipAddress: { addresses: [{ address: '2001:db8::1', port: 4433 }] },
        hostname: { name: 'laptop.example.com', port: 4433 },
      },
      provenKey: { id: 'ab', since: '2026-01-02T03:04:05Z' },
      leaseRef: { name: 'laptop' },
    },
  },
  ConnectorClass: {
    apiVersion: `${networking}/v1alpha1`,
    path: `/apis/${networking}/v1alpha1/connectorclasses`,
    spec: { controllerName: 'example.com/controller', leaseOwner: 'Controller' },
  },
  ConnectorAdvertisement: {
    apiVersion: `${networking}/v1alpha1`,
    path: inDefault(`${networking}/v1alpha1`, 'connectoradvertisements'),
    spec: {
      connectorRef: { name: 'laptop' },
      layer4: [
        {
          name: 'web',
          services: [{ address: '127.0.0.1', ports: [{ name: 'http', port: 3000, protocol: 'TCP' }] }],
        },
      ],
      layer3: [{ name: 'office', cidrs: ['10.0.0.0/8', '2001:db8::/32'] }],
    },
    status: { conditions: conditions() },
  },
  HTTPProxy: {
    apiVersion: `${networking}/v1alpha`,
    path: inDefault(`${networking}/v1alpha`, 'httpproxies'),
    spec: {
      hostnames: ['shop.example.com'],
      rules: [
        {
          name: 'all',
          matches: [{ path: { type: 'PathPrefix', value: '/' } }],
          backends: [{ endpoint: 'http://127.0.0.1:3000', connector: { name: 'laptop' } }],
        },
      ],
    },
    status: {
      conditions: conditions(),
      addresses: [{ type: 'Hostname', value: 'shop.example.com' }],
      canonicalHostname: 'shop.example.com',
      hostnames: ['shop.example.com'],
    },
  },
  DRTPServer: {
    apiVersion: 'datumapis.com/v1alpha',
    path: inDefault('datumapis.com/v1alpha', 'drtpservers'),
    spec: {
      address: 'edge.example.com',
      latitude: 52.5,
      longitude: 13.4,
      ports: [{ name: 'tunnel-h2', port: 7443, protocol: 'TCP' }],
      protocols: ['sallyport-h2/1'],
      tunnelServerName: 'edge.example.com',
      caBundle: '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n',
      domain: 'example.com',
    },
    status: { health: 'Healthy', leaseRef: { name: 'drtpserver-edge' } },
  },
  Lease: {
    apiVersion: 'coordination.k8s.io/v1',
    path: inDefault('coordination.k8s.io/v1', 'leases'),
    spec: {
      holderIdentity: 'somebody',
      leaseDurationSeconds: 30,
      acquireTime: '2026-01-02T03:04:05.000000Z',
      renewTime: '2026-01-02T03:04:05.000000Z',
      leaseTransitions: 1,
    },
  },
};

export type ValidManifest = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: unknown;
};

export function manifestOf(kind: KindName, name: string, metadata: object = {}): ValidManifest {
  const { apiVersion, spec } = kinds[kind];
  return { apiVersion, kind, metadata: { name, ...metadata }, spec };
}

/** Takes a member away instead of replacing it. */
export const absent = Symbol('absent');

/** A copy of `value` with `replacement` at `path`, which is written as Kubernetes shows it: `spec.rules[0].name`. */
export function withValueAt(value: unknown, path: string, replacement: unknown): unknown {
  const copy: unknown = structuredClone(value);
  const steps = path.replaceAll(/\[(\d+)\]/g, '.$1').split('.');
  const last = steps.pop() ?? '';
  let owner = copy as Record<string, unknown>;
  for (const step of steps) owner = (owner[step] ??= {}) as Record<string, unknown>;
  if (replacement === absent) delete owner[last];
  else owner[last] = replacement;
  return copy;
}

let made = 0;

/** A name that no other check uses. */
export function newName(prefix = 'c'): string {
  made += 1;
  return `${prefix}-${process.pid}-${made}`;
}
