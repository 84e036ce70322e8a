/**
 * What the tunnel engine is to do, from what the control plane shows. Pure.
 */
import type { AllowedTarget, EdgeTarget, EngineConfig } from '#contract/engine.ts';
import type { Connector, ConnectorAdvertisement, DRTPServer } from '#contract/resources/generated.ts';
import { tunnelAlpn } from '#contract/wire/registration.ts';

import type { Service } from '../services/service-registry.ts';

const tunnelPortName = 'tunnel-h2';
/** More edges than this would only cost memory and battery. */
const maxEdges = 8;

function edgeOf({ metadata, spec }: DRTPServer): EdgeTarget | null {
  const port = spec.ports.find(({ name }) => name === tunnelPortName)?.port;
  if (port === undefined || !spec.protocols.includes(tunnelAlpn.h2)) return null;
  return {
    name: metadata.name ?? '',
    host: spec.address,
    port,
    serverName: spec.tunnelServerName ?? spec.address,
    caBundle: spec.caBundle,
  };
}

/**
 * The effective allow list: what the connector's advertisements name *and* a service that is switched on here wants.
 */
function allowedTargets(
  connector: Connector,
  advertisements: readonly ConnectorAdvertisement[],
  services: readonly Service[],
): readonly AllowedTarget[] {
  const advertised = new Set(
    advertisements
      .filter(({ spec, metadata }) => spec.connectorRef.name === connector.metadata.name && !metadata.deletionTimestamp)
      .flatMap(({ spec }) => spec.layer4 ?? [])
      .flatMap((entry) => entry.services)
      .flatMap(({ address, ports }) =>
        ports.filter(({ protocol }) => protocol !== 'UDP').map(({ port }) => `${address}\n${port}`),
      ),
  );
  // SECURITY: whoever may write advertisements still cannot reach what was not exposed on this machine.
  const wanted = services.filter(({ enabled, removing }) => enabled && !removing);
  const targets = new Map<string, AllowedTarget>();
  for (const { host, port } of wanted) {
    if (advertised.has(`${host}\n${port}`)) targets.set(`${host}\n${port}`, { host, port, protocol: 'TCP' });
  }
  return [...targets.values()];
}

export function engineConfigOf(world: {
  readonly connector: Connector | undefined;
  readonly servers: readonly DRTPServer[];
  readonly advertisements: readonly ConnectorAdvertisement[];
  readonly services: readonly Service[];
}): Omit<EngineConfig, 'version'> {
  const { connector, servers, advertisements, services } = world;
  const { namespace, name, uid } = connector?.metadata ?? {};
  if (connector === undefined || namespace === undefined || name === undefined || uid === undefined) {
    return { connector: null, edges: [], allow: [] };
  }
  const edges = servers
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(edgeOf)
    .filter((edge) => edge !== null)
    .toSorted((left, right) => left.name.localeCompare(right.name))
    .slice(0, maxEdges);
  return { connector: { namespace, name, uid }, edges, allow: allowedTargets(connector, advertisements, services) };
}
