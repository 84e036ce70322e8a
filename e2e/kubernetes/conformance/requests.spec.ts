/**
 * Requests that cannot be granted: both servers refuse them with the same code, for the same reason.
 */
import type { ApiAnswer, CallOptions } from '../api-client.ts';
import { kinds, manifestOf, newName, type Body } from './manifests.ts';
import { expect, onBoth, test, type Server } from './servers.ts';

const connectors = kinds.Connector.path;
const jsonPatch: CallOptions = { type: 'application/json-patch+json' };

/** A request about a connector that exists; `at` is its path, `name` its name. */
type Request = (connector: {
  readonly at: string;
  readonly name: string;
}) => readonly [method: string, path: string, body?: unknown, options?: CallOptions | undefined];

const list =
  (query: string): Request =>
  () => ['GET', `${connectors}?${query}`];
const patch =
  (body: unknown, options?: CallOptions): Request =>
  ({ at }) => ['PATCH', at, body, options];
const create =
  (change: object, query = '', options?: CallOptions): Request =>
  () => ['POST', `${connectors}${query}`, { ...manifestOf('Connector', newName()), ...change }, options];

const refused: readonly (readonly [what: string, code: number, request: Request])[] = [
  ['reading what is not there', 404, () => ['GET', `${connectors}/nobody`]],
  ['deleting what is not there', 404, () => ['DELETE', `${connectors}/nobody`]],
  ['replacing what is not there', 404, () => ['PUT', `${connectors}/nobody`, manifestOf('Connector', 'nobody')]],
  ['patching what is not there', 404, () => ['PATCH', `${connectors}/nobody`, { metadata: { labels: { a: 'b' } } }]],
  ['the status of what is not there', 404, () => ['GET', `${connectors}/nobody/status`]],
  ['a subresource that is not served', 404, ({ at }) => ['GET', `${at}/scale`]],
  ['the status of a Lease, which has none', 404, () => ['GET', `${kinds.Lease.path}/any/status`]],
  [
    'a namespace that does not exist',
    404,
    () => ['POST', connectors.replace('default', 'nowhere'), manifestOf('Connector', 'a')],
  ],

  ['a body that is no JSON', 400, () => ['POST', connectors, '{']],
  ['a body that is no YAML', 400, () => ['POST', connectors, 'a: [', { type: 'application/yaml' }]],
  ['an empty body', 400, () => ['POST', connectors, '']],
  ['a body of another media type', 415, () => ['POST', connectors, 'x', { type: 'text/plain' }]],
  ['an answer of another media type', 406, ({ at }) => ['GET', at, undefined, { accept: 'text/html' }]],
  ['another kind', 422, create({ kind: 'HTTPProxy' })],
  ['another API version', 400, create({ apiVersion: 'v1' })],
  ['another namespace than that of the path', 400, create({ metadata: { name: 'a', namespace: 'other' } })],
  ['a replacement under another name', 400, ({ at }) => ['PUT', at, manifestOf('Connector', 'another')]],
  ['a patch of the name', 400, patch({ metadata: { name: 'another' } })],
  ['a patch of the uid', 422, patch({ metadata: { uid: 'another' } })],
  ['a patch of an older version', 409, patch({ metadata: { resourceVersion: '1', labels: { a: 'b' } } })],
  ['a fieldValidation that is unknown', 422, create({}, '?fieldValidation=Perhaps')],
  ['a dryRun that is unknown', 422, create({}, '?dryRun=Some')],
  ['a patch with a dryRun that is unknown', 422, ({ at }) => ['PATCH', `${at}?dryRun=Some`, {}]],
  ['a propagationPolicy that is unknown', 422, ({ at }) => ['DELETE', `${at}?propagationPolicy=Sideways`]],
  ['deleting another uid', 409, ({ at }) => ['DELETE', at, { preconditions: { uid: 'another' } }]],
  ['deleting an older version', 409, ({ at }) => ['DELETE', at, { preconditions: { resourceVersion: '1' } }]],

  ['a strategic merge patch', 415, patch({}, { type: 'application/strategic-merge-patch+json' })],
  ['a patch of no known type', 415, patch({}, { type: 'application/json' })],
  ['a merge patch that is a list', 400, patch([])],
  ['a merge patch that is no JSON', 400, patch('{')],
  ['a JSON patch that is an object', 400, patch({}, jsonPatch)],
  [
    'a JSON patch whose test fails',
    422,
    patch([{ op: 'test', path: '/spec/connectorClassName', value: 'x' }], jsonPatch),
  ],
  ['a JSON patch of what is not there', 422, patch([{ op: 'remove', path: '/spec/nothing' }], jsonPatch)],
  [
    'a JSON patch that replaces what is not there',
    422,
    patch([{ op: 'replace', path: '/spec/a/b', value: 1 }], jsonPatch),
  ],
  ['a JSON patch with an unknown operation', 422, patch([{ op: 'jump', path: '/spec' }], jsonPatch)],
  ['a patch that makes the object invalid', 422, patch({ spec: { connectorClassName: '' } })],

  ['a label selector without an end', 400, list('labelSelector=a%20in%20(b')],
  ['a label selector of three parts', 400, list('labelSelector=a%3Db%3Dc')],
  ['a label selector without a key', 400, list('labelSelector=%3Db')],
  ['a label selector with an empty term', 400, list('labelSelector=a,,b')],
  ['a label selector with a key that is none', 400, list('labelSelector=-a')],
  ['a field selector on a field that cannot be selected by', 400, list('fieldSelector=spec.connectorClassName%3Dx')],
  ['a field selector without a value', 400, list('fieldSelector=metadata.name')],
  ['a continue token that is none', 400, list('limit=1&continue=nonsense')],
  ['a resourceVersion that is none', 400, list('resourceVersion=abc')],
  ['a limit that is no number', 400, list('limit=many')],
  ['a resourceVersionMatch without a version', 422, list('resourceVersionMatch=Exact')],
  ['exactly version 0', 422, list('resourceVersion=0&resourceVersionMatch=Exact')],
  ['a resourceVersionMatch that is unknown', 422, list('resourceVersion=1&resourceVersionMatch=Nearly')],
  ['a list with sendInitialEvents', 422, list('sendInitialEvents=true')],
  ['a watch with a label selector that is none', 400, list('watch=true&labelSelector=a,,b')],
];

function verdict({ status, body }: ApiAnswer): unknown {
  const { kind, reason, details } = body as Body;
  const causes = (details?.causes ?? []).map((cause) => `${cause.reason} ${cause.field}`);
  return { status, kind, reason, causes: [...new Set(causes)].toSorted() };
}

for (const [what, code, request] of refused) {
  test(`${what} is ${code}`, async ({ servers }) => {
    const ask = async ({ as: { admin } }: Server): Promise<ApiAnswer> => {
      const name = newName();
      await admin.call('POST', connectors, manifestOf('Connector', name));
      return admin.call(...request({ name, at: `${connectors}/${name}` }));
    };
    const { kubernetes, embedded } = await onBoth(servers, ask);
    expect(kubernetes.status).toBe(code);
    expect(verdict(embedded)).toEqual(verdict(kubernetes));
    expect((embedded.body as Body).message.length).toBeGreaterThan(10);
  });
}
