/**
 * Decides what has to be done in the control plane for one service. Pure: resources in, steps out.
 */
import type { ConnectorAdvertisement, HTTPProxy } from '#contract/resources/generated.ts';
import type { ObjectMeta } from '#contract/resources/object-meta.ts';
import { covers } from '#kube/covers.ts';

import type { Service } from '../services/service-registry.ts';
import {
  connectorLabel,
  desiredAdvertisement,
  desiredProxy,
  emptyProxyFields,
  ephemeralLabel,
  type Publisher,
} from './desired-resources.ts';

export type ServiceStep =
  | { readonly do: 'createProxy'; readonly object: HTTPProxy }
  | { readonly do: 'createAdvertisement'; readonly object: ConnectorAdvertisement }
  | { readonly do: 'patchProxy'; readonly patch: object }
  | { readonly do: 'patchAdvertisement'; readonly patch: object }
  | { readonly do: 'deleteProxy'; readonly uid: string | undefined }
  | { readonly do: 'deleteAdvertisement'; readonly uid: string | undefined }
  /** Nothing is published any more: the service can be forgotten. */
  | { readonly do: 'forget' };

type Published = { readonly metadata: ObjectMeta; readonly spec: object };

export type ServiceWorld = {
  /** Undefined: not a service of this agent (any more). */
  readonly service: Service | undefined;
  readonly proxy: HTTPProxy | undefined;
  readonly advertisement: ConnectorAdvertisement | undefined;
  readonly publisher: Publisher;
};

const isEnding = (object: Published): boolean => object.metadata.deletionTimestamp !== undefined;

/** Whether the object is this connector's, and not somebody else's of the same name. */
export function isOwn({ metadata }: { readonly metadata: ObjectMeta }, { connector }: Publisher): boolean {
  return metadata.labels?.[connectorLabel] === connector;
}

/**
 * The merge patch (RFC 7396) that makes `actual` say what `desired` says, and nothing in the fields `empty` of its spec;
 * null if it does.
 */
function patchFor(actual: Published, desired: Published, empty: readonly string[] = []): object | null {
  const wasEphemeral = actual.metadata.labels?.[ephemeralLabel] !== undefined;
  const isEphemeral = desired.metadata.labels?.[ephemeralLabel] !== undefined;
  const { labels, annotations } = desired.metadata;
  const metadata = { labels, ...(annotations === undefined ? {} : { annotations }) };
  // An equal spec is never written again: each new generation makes the edge program the route once more.
  const filled = empty.filter((field) => Object.hasOwn(actual.spec, field));
  const keepsSpec = covers(actual.spec, desired.spec) && filled.length === 0;
  const emptied = Object.fromEntries(filled.map((field) => [field, null]));
  const spec = keepsSpec ? {} : { spec: { ...desired.spec, ...emptied } };
  const keepsMetadata = covers(actual.metadata, metadata) && wasEphemeral === isEphemeral;
  if (keepsMetadata && keepsSpec) return null;
  const patchedLabels = wasEphemeral && !isEphemeral ? { ...labels, [ephemeralLabel]: null } : labels;
  return { ...(keepsMetadata ? {} : { metadata: { ...metadata, labels: patchedLabels } }), ...spec };
}

function deletions({ proxy, advertisement }: ServiceWorld): readonly ServiceStep[] {
  // The advertisement first: it is what lets traffic through.
  return [
    ...(advertisement === undefined || isEnding(advertisement)
      ? []
      : [{ do: 'deleteAdvertisement' as const, uid: advertisement.metadata.uid }]),
    ...(proxy === undefined || isEnding(proxy) ? [] : [{ do: 'deleteProxy' as const, uid: proxy.metadata.uid }]),
  ];
}

function proxySteps(service: Service, { proxy, publisher }: ServiceWorld): readonly ServiceStep[] {
  const desired = desiredProxy(service, publisher);
  if (proxy === undefined) return [{ do: 'createProxy', object: desired }];
  if (isEnding(proxy)) return [];
  const patch = patchFor(proxy, desired, emptyProxyFields);
  return patch === null ? [] : [{ do: 'patchProxy', patch }];
}

function advertisementSteps(service: Service, { advertisement, publisher }: ServiceWorld): readonly ServiceStep[] {
  if (!service.enabled) {
    if (advertisement === undefined || isEnding(advertisement)) return [];
    return [{ do: 'deleteAdvertisement', uid: advertisement.metadata.uid }];
  }
  const desired = desiredAdvertisement(service, publisher);
  if (advertisement === undefined) return [{ do: 'createAdvertisement', object: desired }];
  if (isEnding(advertisement)) return [];
  const patch = patchFor(advertisement, desired);
  return patch === null ? [] : [{ do: 'patchAdvertisement', patch }];
}

/** The steps that close the gap for one service, in order. None means that nothing is to be done now. */
export function planService(world: ServiceWorld): readonly ServiceStep[] {
  const { service, proxy, advertisement } = world;
  if (service === undefined) {
    // Left over from an agent that was killed while a client held the service. Anything else that carries our label
    // but is not known here was put there on purpose, or its record was lost: not ours to delete.
    const leftOver = (object: Published | undefined): boolean =>
      object?.metadata.labels?.[ephemeralLabel] !== undefined;
    return leftOver(proxy) || leftOver(advertisement) ? deletions(world) : [];
  }
  if (service.removing) {
    const isGone = proxy === undefined && advertisement === undefined;
    return isGone ? [{ do: 'forget' }] : deletions(world);
  }
  return [...proxySteps(service, world), ...advertisementSteps(service, world)];
}
