/**
 * What is served, told to clients: versions, groups, and the resources of each group.
 */
import type { JsonObject } from '../json.ts';
import type { Verb } from '../authorization/rules.ts';
import type { Catalog } from '../resources/catalog.ts';
import type { ResourceType } from '../resources/resource-type.ts';
import { ok, type Answer } from '../http/exchange.ts';

/** The version of the API that is imitated; kubectl compares it with its own. */
const kubernetesVersion = { major: '1', minor: '32', gitVersion: 'v1.32.0+sallyport' };

/** Resources that are only ever created, and answered at once. */
export const reviewResources: readonly { readonly group: string; readonly plural: string; readonly kind: string }[] = [
  { group: 'authentication.k8s.io', plural: 'selfsubjectreviews', kind: 'SelfSubjectReview' },
  { group: 'authorization.k8s.io', plural: 'selfsubjectaccessreviews', kind: 'SelfSubjectAccessReview' },
  { group: 'authorization.k8s.io', plural: 'selfsubjectrulesreviews', kind: 'SelfSubjectRulesReview' },
];

const readVerbs: readonly Verb[] = ['get', 'list', 'watch'];
const allVerbs: readonly Verb[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** Answers discovery paths, undefined for others. */
export function createDiscovery(catalog: Catalog): (parts: readonly string[]) => Answer | undefined {
  const groups = groupVersionsOf(catalog);
  const groupNames = [...new Set(groups.map(({ group }) => group))];
  return (parts) => {
    const [root, group, version] = parts;
    if (root === 'version' && parts.length === 1) return ok(versionInfo());
    if (root === 'api' && parts.length === 1) return ok(coreVersions());
    if (root === 'api' && parts.length === 2 && group === 'v1') return ok(resourceList(catalog, '', 'v1'));
    if (root !== 'apis' || parts.length > 3) return undefined;
    if (group === undefined) {
      return ok({ kind: 'APIGroupList', apiVersion: 'v1', groups: groupNames.map((name) => apiGroup(name, groups)) });
    }
    if (!groupNames.includes(group)) return undefined;
    if (version === undefined) return ok({ kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(group, groups) });
    if (!groups.some((each) => each.group === group && each.version === version)) return undefined;
    return ok(resourceList(catalog, group, version));
  };
}

export function versionInfo(): JsonObject {
  return {
    ...kubernetesVersion,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    platform: process.platform,
  };
}

function groupVersionsOf(catalog: Catalog): readonly { readonly group: string; readonly version: string }[] {
  const reviews = [...new Set(reviewResources.map(({ group }) => group))];
  return [...catalog.groupVersions, ...reviews.map((group) => ({ group, version: 'v1' }))];
}

function coreVersions(): JsonObject {
  return { kind: 'APIVersions', apiVersion: 'v1', versions: ['v1'], serverAddressByClientCIDRs: [] };
}

function apiGroup(name: string, all: readonly { readonly group: string; readonly version: string }[]): JsonObject {
  const versions = all
    .filter(({ group }) => group === name)
    .map(({ version }) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions, preferredVersion: versions[0] ?? null };
}

function resourceList(catalog: Catalog, group: string, version: string): JsonObject {
  const types = catalog.types.filter((type) => type.group === group && type.version === version);
  const reviews = reviewResources.filter((review) => review.group === group);
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: group === '' ? version : `${group}/${version}`,
    resources: [
      ...types.flatMap(resourcesOf),
      ...reviews.map(({ plural, kind }) => ({
        name: plural,
        singularName: kind.toLowerCase(),
        namespaced: false,
        kind,
        verbs: ['create'],
      })),
    ],
  };
}

function resourcesOf(type: ResourceType): readonly JsonObject[] {
  const main: JsonObject = {
    name: type.plural,
    singularName: type.singular,
    namespaced: type.namespaced,
    kind: type.kind,
    verbs: type.readOnly ? readVerbs : allVerbs,
    ...(type.shortNames.length > 0 ? { shortNames: type.shortNames } : {}),
    ...(type.categories.length > 0 ? { categories: type.categories } : {}),
  };
  if (!type.hasStatus || type.readOnly) return [main];
  const status = { name: `${type.plural}/status`, singularName: '', namespaced: type.namespaced, kind: type.kind };
  return [main, { ...status, verbs: ['get', 'patch', 'update'] }];
}
