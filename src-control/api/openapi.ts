/**
 * The OpenAPI documents: one a group and version in version 3, and one of everything in version 2.
 *
 * kubectl reads from them which types exist, that `fieldValidation` and `dryRun` are known, and what to explain.
 */
import { createHash } from 'node:crypto';

import { ok, type Answer } from '../http/exchange.ts';
import type { JsonObject } from '../json.ts';
import type { Catalog } from '../resources/catalog.ts';
import type { ResourceType } from '../resources/resource-type.ts';
import { notAcceptable } from '../status-error.ts';
import {
  deleteOptionsName,
  identityOf,
  schemaName,
  schemasOf,
  type NamedSchemas,
  type Pointer,
} from './openapi-schemas.ts';

/** How the two versions of OpenAPI differ. */
type Dialect = {
  readonly pointer: Pointer;
  readonly parameter: (name: string, where: 'path' | 'query') => JsonObject;
  /** The members of an operation that say what it takes and answers. */
  readonly contents: (takes: string | undefined, types: readonly string[], answers: string) => JsonObject;
};

const json = ['application/json', 'application/yaml'];
const patches = ['application/json-patch+json', 'application/merge-patch+json'];
const info = { title: 'Sallyport control plane', version: 'v1' };

const version3: Dialect = {
  pointer: (name) => ({ $ref: `#/components/schemas/${name}` }),
  parameter: (name, where) => ({ name, in: where, required: where === 'path', schema: { type: 'string' } }),
  contents: (takes, types, answers) => ({
    ...(takes === undefined
      ? {}
      : {
          requestBody: {
            content: Object.fromEntries(types.map((type) => [type, { schema: version3.pointer(takes) }])),
          },
        }),
    responses: {
      '200': { description: 'OK', content: { 'application/json': { schema: version3.pointer(answers) } } },
    },
  }),
};

const version2: Dialect = {
  pointer: (name) => ({ $ref: `#/definitions/${name}` }),
  parameter: (name, where) => ({ name, in: where, required: where === 'path', type: 'string' }),
  contents: (takes, types, answers) => ({
    consumes: types,
    produces: ['application/json'],
    ...(takes === undefined ? {} : { 'x-sallyport-body': version2.pointer(takes) }),
    responses: { '200': { description: 'OK', schema: version2.pointer(answers) } },
  }),
};

/** Answers OpenAPI paths, undefined for others. The documents are made when first asked for: few ever ask. */
export function createOpenApi(catalog: Catalog): (parts: readonly string[], accept: string) => Answer | undefined {
  const version3Documents = once(() => documentsOf(catalog));
  const index = once(() => indexOf(version3Documents()));
  const version2Document = once(() => ({
    swagger: '2.0',
    info,
    paths: pathsOf(catalog.types, version2),
    definitions: all(catalog.types, version2),
  }));
  return ([root, version, ...rest], accept) => {
    if (root !== 'openapi') return undefined;
    if (!/json|\*\/\*|^$/.test(accept)) throw notAcceptable('application/json');
    if (version === 'v2' && rest.length === 0) return ok(version2Document());
    if (version !== 'v3') return undefined;
    if (rest.length === 0) return ok(index());
    const document = version3Documents().get(rest.join('/'));
    return document && ok(document);
  };
}

function once<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

function documentsOf(catalog: Catalog): ReadonlyMap<string, JsonObject> {
  const documents = new Map<string, JsonObject>();
  for (const path of new Set(catalog.types.map(groupPath))) {
    const types = catalog.types.filter((type) => groupPath(type) === path);
    const components = { schemas: all(types, version3) };
    documents.set(path, { openapi: '3.0.0', info, paths: pathsOf(types, version3), components });
  }
  return documents;
}

/** Where the documents are; the hash in the address changes with the document, so that clients may keep it. */
function indexOf(documents: ReadonlyMap<string, JsonObject>): JsonObject {
  const entries = [...documents].map(([path, document]) => {
    const hash = createHash('sha256').update(JSON.stringify(document)).digest('hex').slice(0, 32);
    return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }];
  });
  return { paths: Object.fromEntries(entries) as JsonObject };
}

function groupPath({ group, version }: ResourceType): string {
  return group === '' ? `api/${version}` : `apis/${group}/${version}`;
}

function all(types: readonly ResourceType[], dialect: Dialect): NamedSchemas {
  return Object.assign({}, ...types.map((type) => schemasOf(type, dialect.pointer))) as NamedSchemas;
}

function pathsOf(types: readonly ResourceType[], dialect: Dialect): JsonObject {
  return Object.fromEntries(
    types.flatMap((type) => {
      const root = `/${groupPath(type)}`;
      const collection = type.namespaced ? `${root}/namespaces/{namespace}/${type.plural}` : `${root}/${type.plural}`;
      const item = `${collection}/{name}`;
      return [
        [collection, collectionPath(type, dialect)],
        [item, itemPath(type, dialect)],
        ...(type.namespaced ? [[`${root}/${type.plural}`, { get: operation(type, dialect, 'list') }]] : []),
        ...(type.hasStatus && !type.readOnly ? [[`${item}/status`, itemPath(type, dialect)]] : []),
      ];
    }),
  ) as JsonObject;
}

function collectionPath(type: ResourceType, dialect: Dialect): JsonObject {
  const list = operation(type, dialect, 'list');
  const parameters = type.namespaced ? [dialect.parameter('namespace', 'path')] : [];
  return type.readOnly ? { get: list, parameters } : { get: list, post: operation(type, dialect, 'post'), parameters };
}

function itemPath(type: ResourceType, dialect: Dialect): JsonObject {
  const names = type.namespaced ? ['namespace', 'name'] : ['name'];
  const parameters = names.map((name) => dialect.parameter(name, 'path'));
  const get = operation(type, dialect, 'get');
  if (type.readOnly) return { get, parameters };
  const [put, patch, remove] = (['put', 'patch', 'delete'] as const).map((action) => operation(type, dialect, action));
  return { get, put: put ?? {}, patch: patch ?? {}, delete: remove ?? {}, parameters };
}

type Action = 'get' | 'list' | 'post' | 'put' | 'patch' | 'delete';

const queries: Readonly<Record<Action, readonly string[]>> = {
  get: [],
  list: ['labelSelector', 'fieldSelector', 'limit', 'continue', 'resourceVersion', 'watch', 'timeoutSeconds'],
  post: ['dryRun', 'fieldManager', 'fieldValidation'],
  put: ['dryRun', 'fieldManager', 'fieldValidation'],
  patch: ['dryRun', 'fieldManager', 'fieldValidation'],
  delete: ['dryRun', 'propagationPolicy'],
};

function operation(type: ResourceType, dialect: Dialect, action: Action): JsonObject {
  const name = schemaName(type);
  const takes = { get: undefined, list: undefined, post: name, put: name, patch: name, delete: deleteOptionsName }[
    action
  ];
  return {
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': identityOf(type),
    parameters: queries[action].map((query) => dialect.parameter(query, 'query')),
    ...dialect.contents(takes, action === 'patch' ? patches : json, action === 'list' ? `${name}List` : name),
  };
}
