/**
 * Resources as an agent makes them, for tests. Not part of the product.
 */
import type { ConnectorAdvertisement, HTTPProxy } from '#contract/resources/generated.ts';

const namespace = 'default';

export function proxyOf(name: string, connector: string, endpoint: string): HTTPProxy {
  return {
    apiVersion: 'networking.datumapis.com/v1alpha',
    kind: 'HTTPProxy',
    metadata: { name, namespace },
    spec: { rules: [{ backends: [{ endpoint, connector: { name: connector } }] }] },
  };
}

export function advertisementOf(name: string, connector: string, port: number): ConnectorAdvertisement {
  return {
    apiVersion: 'networking.datumapis.com/v1alpha1',
    kind: 'ConnectorAdvertisement',
    metadata: { name, namespace },
    spec: {
      connectorRef: { name: connector },
      layer4: [{ name, services: [{ address: '127.0.0.1', ports: [{ name: 'http', port }] }] }],
    },
  };
}
