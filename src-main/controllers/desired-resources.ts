/**
 * The resources that a connector and its services amount to, as they should stand in the control plane. Pure.
 */
import { isIPv6 } from 'node:net';

import type { Connector, ConnectorAdvertisement, HTTPProxy } from '#contract/resources/generated.ts';
import { annotations, apiVersionOf, kinds } from '#contract/resources/kinds.ts';

import type { Service } from '../services/service-registry.ts';

/** Label by which a connector's proxies and advertisements are found. */
export const connectorLabel = 'sallyport.dev/connector';
/** Marks what must not outlive the client that asked for it, should the agent be killed before it can withdraw. */
export const ephemeralLabel = 'sallyport.dev/ephemeral';

/** What this machine says about itself. */
export type Device = { readonly name: string; readonly os: string };

/** Which connector a service is published through. */
export type Publisher = { readonly namespace: string; readonly connector: string };

const capabilities = ['ConnectTCP', 'CONNECT-TCP', 'HTTP2'] as const;

function deviceAnnotations(device: Device): Record<string, string> {
  return { [annotations.deviceName]: device.name, [annotations.deviceOs]: device.os };
}

/** The parts of the connector that the agent owns; also what it patches when they differ. */
export function desiredConnectorFields(device: Device): {
  readonly annotations: Record<string, string>;
  readonly capabilities: NonNullable<Connector['spec']['capabilities']>;
} {
  return {
    annotations: deviceAnnotations(device),
    capabilities: capabilities.map((type) =>
      // Datum's own switch for its own capability; both stand for the same thing.
      type === 'ConnectTCP' ? { type, enabled: true, connectTCP: { disabled: false } } : { type, enabled: true },
    ),
  };
}

export function desiredConnector(
  options: Publisher & { readonly className: string; readonly device: Device },
): Connector {
  const fields = desiredConnectorFields(options.device);
  return {
    apiVersion: apiVersionOf(kinds.connector) as Connector['apiVersion'],
    kind: 'Connector',
    metadata: { name: options.connector, namespace: options.namespace, annotations: fields.annotations },
    spec: { connectorClassName: options.className, capabilities: fields.capabilities },
  };
}

/** What the agent says about how the connector is reached. What is not known is left out. */
export function desiredConnectionDetails(publicKey: string): {
  readonly type: 'PublicKey';
  readonly publicKey: { readonly id: string; readonly discoveryMode: 'DNS' };
} {
  return { type: 'PublicKey', publicKey: { id: publicKey, discoveryMode: 'DNS' } };
}

function labelsOf(service: Service, { connector }: Publisher): Record<string, string> {
  return { [connectorLabel]: connector, ...(service.ephemeral ? { [ephemeralLabel]: 'true' } : {}) };
}

/** RFC 3986 §3.2.2: an IPv6 address stands in brackets. */
export function authorityOf(host: string, port: number): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * Fields of a proxy's spec that are the agent's and that it leaves empty: the platform assigns the name. Whoever wants
 * names of their own writes a proxy of their own.
 */
export const emptyProxyFields: readonly (keyof HTTPProxy['spec'])[] = ['hostnames'];

export function desiredProxy(service: Service, publisher: Publisher): HTTPProxy {
  const { name, host, port } = service;
  return {
    apiVersion: apiVersionOf(kinds.httpProxy) as HTTPProxy['apiVersion'],
    kind: 'HTTPProxy',
    metadata: {
      name,
      namespace: publisher.namespace,
      labels: labelsOf(service, publisher),
      annotations: { [annotations.displayName]: name },
    },
    spec: {
      rules: [
        {
          // The server's default spelt out, so that what is read back equals what was written.
          matches: [{ path: { type: 'PathPrefix', value: '/' } }],
          backends: [{ endpoint: `http://${authorityOf(host, port)}`, connector: { name: publisher.connector } }],
        },
      ],
    },
  };
}

export function desiredAdvertisement(service: Service, publisher: Publisher): ConnectorAdvertisement {
  const { name, host, port } = service;
  return {
    apiVersion: apiVersionOf(kinds.connectorAdvertisement) as ConnectorAdvertisement['apiVersion'],
    kind: 'ConnectorAdvertisement',
    metadata: { name, namespace: publisher.namespace, labels: labelsOf(service, publisher) },
    spec: {
      connectorRef: { name: publisher.connector },
      layer4: [
        {
          name: 'default',
          services: [{ address: host, ports: [{ name: `tcp-${port}`, port, protocol: 'TCP' }] }],
        },
      ],
    },
  };
}
