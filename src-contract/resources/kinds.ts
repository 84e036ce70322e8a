/**
 * Where each kind is served: group, version and plural, the coordinates of its REST path.
 */
import type { Connector, ConnectorAdvertisement, ConnectorClass, DRTPServer, HTTPProxy } from './generated.ts';
import type { Lease } from './lease.ts';
import type { KubernetesObject } from './object-meta.ts';

/** Coordinates of a kind. `T` ties them to the type of its objects. */
export type Kind<T extends KubernetesObject> = {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: T['kind'];
  readonly namespaced: boolean;
};

/** The `apiVersion` of the objects of `kind`. */
export function apiVersionOf(kind: Kind<KubernetesObject>): string {
  return `${kind.group}/${kind.version}`;
}

const networking = 'networking.datumapis.com';

export const kinds: {
  readonly connector: Kind<Connector>;
  readonly connectorClass: Kind<ConnectorClass>;
  readonly connectorAdvertisement: Kind<ConnectorAdvertisement>;
  readonly httpProxy: Kind<HTTPProxy>;
  readonly drtpServer: Kind<DRTPServer>;
  readonly lease: Kind<Lease>;
} = {
  connector: { group: networking, version: 'v1alpha1', plural: 'connectors', kind: 'Connector', namespaced: true },
  connectorClass: {
    group: networking,
    version: 'v1alpha1',
    plural: 'connectorclasses',
    kind: 'ConnectorClass',
    namespaced: false,
  },
  connectorAdvertisement: {
    group: networking,
    version: 'v1alpha1',
    plural: 'connectoradvertisements',
    kind: 'ConnectorAdvertisement',
    namespaced: true,
  },
  httpProxy: { group: networking, version: 'v1alpha', plural: 'httpproxies', kind: 'HTTPProxy', namespaced: true },
  drtpServer: {
    group: 'datumapis.com',
    version: 'v1alpha',
    plural: 'drtpservers',
    kind: 'DRTPServer',
    namespaced: true,
  },
  lease: { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', kind: 'Lease', namespaced: true },
};

/** The ConnectorClass of our own operator, and the controller name it carries. */
export const sallyportClass = { name: 'sallyport', controllerName: 'sallyport.dev/connector' } as const;

/** Annotations and labels that more than one part reads. */
export const annotations = {
  displayName: 'app.kubernetes.io/name',
  deviceName: 'datum.net/device-name',
  deviceOs: 'datum.net/device-os',
} as const;
