/**
 * Leads each request to what answers it: discovery, reviews, OpenAPI, or the handlers of a resource.
 */
import type { Verb } from '../authorization/rules.ts';
import type { Answer, Exchange } from '../http/exchange.ts';
import { parseResourcePath, type ResourcePath } from '../http/target.ts';
import type { Catalog } from '../resources/catalog.ts';
import type { ResourceType } from '../resources/resource-type.ts';
import { methodNotAllowed, noSuchPath } from '../status-error.ts';
import { remove, removeCollection } from './deletes.ts';
import { createDiscovery, reviewResources } from './discovery.ts';
import { createOpenApi } from './openapi.ts';
import { get, list } from './reads.ts';
import { authorize, isDryRun, isWatch, type ResourceRequest, type Surroundings } from './resource-request.ts';
import { answerReview } from './reviews.ts';
import type { Watches } from './watch.ts';
import { create, patch, replace } from './writes.ts';

export type RouterOptions = {
  readonly catalog: Catalog;
  readonly surroundings: Surroundings;
  readonly watches: Watches;
};

/** Answers requests; undefined when a watch has taken over the response. Throws StatusErrors. */
export function createRouter(options: RouterOptions): (exchange: Exchange) => Promise<Answer | undefined> {
  const discover = createDiscovery(options.catalog);
  const describe = createOpenApi(options.catalog);
  return async (exchange) => {
    if (exchange.method === 'GET') {
      const found = discover(exchange.parts) ?? describe(exchange.parts, exchange.request.headers.accept ?? '');
      if (found !== undefined) return found;
    }
    const path = parseResourcePath(exchange.parts);
    if (path === undefined) throw noSuchPath();
    const review = await answerToReview(exchange, path);
    if (review !== undefined) return review;
    return answerResource(options, exchange, path);
  };
}

async function answerToReview(exchange: Exchange, path: ResourcePath): Promise<Answer | undefined> {
  const known = reviewResources.some(({ group, plural }) => group === path.group && plural === path.plural);
  if (!known || path.version !== 'v1') return undefined;
  if (exchange.method !== 'POST') throw methodNotAllowed('reviews are created, nothing else');
  return { code: 201, body: answerReview(path.plural, exchange.user, await exchange.body()) };
}

async function answerResource(
  { catalog, surroundings, watches }: RouterOptions,
  exchange: Exchange,
  path: ResourcePath,
): Promise<Answer | undefined> {
  const type = catalog.byPlural(path.group, path.version, path.plural);
  if (type === undefined || (path.namespace !== undefined && !type.namespaced)) throw noSuchPath();
  if (path.subresource !== '' && (path.subresource !== 'status' || !type.hasStatus)) throw noSuchPath();
  const verb = verbOf(exchange, path);
  const request: ResourceRequest = {
    exchange,
    surroundings,
    type,
    namespace: path.namespace,
    name: path.name,
    part: path.subresource === 'status' ? 'status' : 'main',
    verb,
    allowing: authorize(exchange, path, type, verb),
    dryRun: isDryRun(exchange.query),
  };
  checkWritable(type, verb);
  if (verb !== 'watch') return handle(verb, request, catalog.types);
  watches.start(request);
  return undefined;
}

async function handle(
  verb: Exclude<Verb, 'watch'>,
  request: ResourceRequest,
  types: readonly ResourceType[],
): Promise<Answer> {
  switch (verb) {
    case 'get':
      return get(request);
    case 'list':
      return list(request);
    case 'create':
      return create(request);
    case 'update':
      return replace(request);
    case 'patch':
      return patch(request);
    case 'delete':
      return remove(request, types);
    case 'deletecollection':
      return removeCollection(request, types);
    default:
      return unreachable(verb);
  }
}

function unreachable(verb: never): never {
  throw new Error(`the verb ${String(verb)} has no handler`);
}

function verbOf(exchange: Exchange, path: ResourcePath): Verb {
  const one = path.name !== '';
  const whole = path.subresource === '';
  switch (exchange.method) {
    case 'GET':
      if (isWatch(exchange) && whole) return 'watch';
      return one ? 'get' : 'list';
    case 'POST':
      if (!one) return 'create';
      break;
    case 'PUT':
      if (one) return 'update';
      break;
    case 'PATCH':
      if (one) return 'patch';
      break;
    case 'DELETE':
      if (whole) return one ? 'delete' : 'deletecollection';
      break;
    default:
  }
  throw methodNotAllowed(`${exchange.method} is not served at ${exchange.path}`);
}

function checkWritable(type: ResourceType, verb: Verb): void {
  if (!type.readOnly || verb === 'get' || verb === 'list' || verb === 'watch') return;
  throw methodNotAllowed(`${type.plural} are part of this control plane and cannot be changed through its API`);
}
