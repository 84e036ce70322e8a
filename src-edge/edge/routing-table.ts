/**
 * From resources to routes: which hostname and path goes to which backend through which connector.
 *
 * Pure. Knows nothing of sessions: whether a connector is connected is asked at the moment of a request.
 */
import type { Backend } from '#tunnel/edge/visitor-request.ts';
import type { ConnectorAdvertisement, HTTPProxy } from '#contract/resources/generated.ts';
import { findCondition } from '#kube/conditions.ts';
import { isOlder } from '#kube/seniority.ts';

import { authorityOf, covers, parseEndpoint } from '../backend-endpoint.ts';

export type ConnectorName = { readonly namespace: string; readonly name: string };

export type RouteTarget = {
  readonly backend: Backend;
  readonly connector: ConnectorName;
  /** False: no advertisement of the connector lets the backend through; the service is switched off. */
  readonly advertised: boolean;
};

type Rule = { readonly exact: boolean; readonly path: string; readonly target: RouteTarget };

export type HostRoutes = {
  readonly proxy: {
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    readonly generation: number;
  };
  /** Most specific first. */
  readonly rules: readonly Rule[];
};

/** By hostname, in lower case. */
export type RoutingTable = ReadonlyMap<string, HostRoutes>;

/** The routes of all proxies that were accepted and have a hostname. */
export function buildRoutingTable(resources: {
  readonly proxies: readonly HTTPProxy[];
  readonly advertisements: readonly ConnectorAdvertisement[];
}): RoutingTable {
  const offered = groupByConnector(resources.advertisements);
  const table = new Map<string, HostRoutes>();
  for (const proxy of resources.proxies.toSorted((left, right) => (isOlder(left, right) ? -1 : 1))) {
    const hostname = proxy.status?.canonicalHostname?.toLowerCase();
    // SECURITY: a hostname belongs to the older proxy; a younger one with the same name takes no visitors from it.
    if (hostname === undefined || table.has(hostname) || !isServed(proxy)) continue;
    table.set(hostname, routesOf(proxy, offered));
  }
  return table;
}

function isServed(proxy: HTTPProxy): boolean {
  if (proxy.metadata.deletionTimestamp !== undefined) return false;
  return findCondition(proxy.status?.conditions, 'Accepted')?.status !== 'False';
}

type Offered = ReadonlyMap<string, readonly ConnectorAdvertisement[]>;

const nameKey = ({ namespace, name }: ConnectorName): string => `${namespace}/${name}`;

function groupByConnector(advertisements: readonly ConnectorAdvertisement[]): Offered {
  const groups = new Map<string, ConnectorAdvertisement[]>();
  for (const advertisement of advertisements) {
    const { namespace = '', deletionTimestamp } = advertisement.metadata;
    if (deletionTimestamp !== undefined) continue;
    const key = nameKey({ namespace, name: advertisement.spec.connectorRef.name });
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [advertisement]);
    else group.push(advertisement);
  }
  return groups;
}

function routesOf(proxy: HTTPProxy, offered: Offered): HostRoutes {
  const { namespace = '', name = '', uid = '', generation = 0 } = proxy.metadata;
  const rules = proxy.spec.rules.flatMap((rule): Rule[] => {
    const target = targetOf(namespace, rule.backends?.[0], offered);
    if (target === null) return [];
    return (rule.matches ?? [{}]).map(({ path }) => ({
      exact: path?.type === 'Exact',
      path: path?.value ?? '/',
      target,
    }));
  });
  return { proxy: { namespace, name, uid, generation }, rules: rules.toSorted(bySpecificity) };
}

type BackendSpec = NonNullable<HTTPProxy['spec']['rules'][number]['backends']>[number];

function targetOf(namespace: string, backend: BackendSpec | undefined, offered: Offered): RouteTarget | null {
  if (backend?.connector === undefined) return null;
  const result = parseEndpoint(backend.endpoint);
  if (!result.ok) return null;
  const { endpoint } = result;
  const connector = { namespace, name: backend.connector.name };
  return {
    backend: { scheme: endpoint.scheme, authority: authorityOf(endpoint) },
    connector,
    advertised: (offered.get(nameKey(connector)) ?? []).some((advertisement) => covers(advertisement, endpoint)),
  };
}

/** As Gateway API orders path matches: Exact first, then the longest prefix; sorting is stable, so then the first rule. */
function bySpecificity(left: Rule, right: Rule): number {
  if (left.exact !== right.exact) return left.exact ? -1 : 1;
  return right.path.length - left.path.length;
}

function matches(rule: Rule, path: string): boolean {
  if (rule.exact) return path === rule.path;
  // Whole path elements: /app matches /app and /app/x, not /apple.
  const prefix = rule.path.endsWith('/') ? rule.path.slice(0, -1) : rule.path;
  return path === prefix || path.startsWith(`${prefix}/`) || prefix === '';
}

/** Where `path` (without query) goes among the routes of one hostname; null if no rule matches. */
export function findTarget(routes: HostRoutes, path: string): RouteTarget | null {
  return routes.rules.find((rule) => matches(rule, path))?.target ?? null;
}
