/**
 * Patches: what the patch types that both servers take make of an object.
 */
import type { ApiAnswer, CallOptions } from '../api-client.ts';
import { kinds, manifestOf, newName, type Body } from './manifests.ts';
import { check, expect, type Server } from './servers.ts';

const { path: proxies } = kinds.HTTPProxy;
const jsonPatch: CallOptions = { type: 'application/json-patch+json' };

const rule = { name: 'a', matches: [{ path: { type: 'Exact', value: '/a' } }] };
const other = { name: 'b', matches: [{ path: { type: 'Exact', value: '/b' } }] };

/** Patches a proxy with the labels a=1 and b=2 and one rule; answers with what became of it. */
async function patched({ as: { admin } }: Server, patch: unknown, options?: CallOptions): Promise<ApiAnswer> {
  const name = newName();
  const manifest = manifestOf('HTTPProxy', name, { labels: { a: '1', b: '2' } });
  await admin.call('POST', proxies, { ...manifest, spec: { hostnames: ['a.example.com'], rules: [rule] } });
  return admin.call('PATCH', `${proxies}/${name}`, patch, options);
}

type Outcome = { readonly labels?: object; readonly spec?: object };

const merges: readonly (readonly [what: string, patch: unknown, outcome: Outcome])[] = [
  ['sets a member', { metadata: { labels: { c: '3' } } }, { labels: { a: '1', b: '2', c: '3' } }],
  ['replaces a member', { metadata: { labels: { a: '9' } } }, { labels: { a: '9', b: '2' } }],
  ['removes a member with null', { metadata: { labels: { a: null } } }, { labels: { b: '2' } }],
  ['removes what is not there', { metadata: { labels: { z: null } } }, { labels: { a: '1', b: '2' } }],
  ['removes all of a map', { metadata: { labels: null } }, {}],
  ['replaces lists whole', { spec: { rules: [other] } }, { spec: { hostnames: ['a.example.com'], rules: [other] } }],
  ['removes a list', { spec: { hostnames: null } }, { spec: { rules: [rule] } }],
  ['changes nothing when empty', {}, { labels: { a: '1', b: '2' } }],
];

for (const [what, patch, outcome] of merges) {
  check(`a merge patch ${what}`, async (on) => {
    const { status, body } = await patched(on, patch);
    expect(status).toBe(200);
    if (outcome.spec !== undefined) expect((body as Body).spec).toEqual(outcome.spec);
    else expect((body as Body).metadata.labels).toEqual(outcome.labels);
  });
}

const operations: readonly (readonly [what: string, patch: readonly object[], outcome: Outcome])[] = [
  ['adds a member', [{ op: 'add', path: '/metadata/labels/c', value: '3' }], { labels: { a: '1', b: '2', c: '3' } }],
  ['adds over a member', [{ op: 'add', path: '/metadata/labels/a', value: '9' }], { labels: { a: '9', b: '2' } }],
  ['removes a member', [{ op: 'remove', path: '/metadata/labels/a' }], { labels: { b: '2' } }],
  ['replaces a member', [{ op: 'replace', path: '/metadata/labels/a', value: '9' }], { labels: { a: '9', b: '2' } }],
  [
    'moves a member',
    [{ op: 'move', from: '/metadata/labels/a', path: '/metadata/labels/c' }],
    { labels: { b: '2', c: '1' } },
  ],
  [
    'copies a member',
    [{ op: 'copy', from: '/metadata/labels/a', path: '/metadata/labels/c' }],
    { labels: { a: '1', b: '2', c: '1' } },
  ],
  [
    'goes on after a test that holds',
    [
      { op: 'test', path: '/metadata/labels/a', value: '1' },
      { op: 'remove', path: '/metadata/labels/a' },
    ],
    { labels: { b: '2' } },
  ],
  [
    'reads ~1 as a slash',
    [{ op: 'add', path: '/metadata/labels/example.com~1c', value: '3' }],
    { labels: { a: '1', b: '2', 'example.com/c': '3' } },
  ],
  [
    'inserts into a list',
    [{ op: 'add', path: '/spec/rules/0', value: other }],
    { spec: { hostnames: ['a.example.com'], rules: [other, rule] } },
  ],
  [
    'appends to a list',
    [{ op: 'add', path: '/spec/rules/-', value: other }],
    { spec: { hostnames: ['a.example.com'], rules: [rule, other] } },
  ],
  ['removes from a list', [{ op: 'remove', path: '/spec/hostnames/0' }], { spec: { hostnames: [], rules: [rule] } }],
];

for (const [what, patch, outcome] of operations) {
  check(`a JSON patch ${what}`, async (on) => {
    const { status, body } = await patched(on, patch, jsonPatch);
    expect(status).toBe(200);
    if (outcome.spec !== undefined) expect((body as Body).spec).toEqual(outcome.spec);
    else expect((body as Body).metadata.labels).toEqual(outcome.labels);
  });
}

check('defaults come back where a patch takes them away', async (on) => {
  const { body } = await patched(on, { spec: { rules: [{ name: 'a', matches: null }] } });
  expect((body as Body).spec['rules']).toEqual([
    { name: 'a', matches: [{ path: { type: 'PathPrefix', value: '/' } }] },
  ]);
});

check('of two patches of one version the second is refused', async ({ as: { admin } }) => {
  const name = newName();
  const { body } = await admin.call('POST', proxies, manifestOf('HTTPProxy', name));
  const { resourceVersion } = (body as Body).metadata;
  const patch = (value: string): Promise<ApiAnswer> =>
    admin.call('PATCH', `${proxies}/${name}`, { metadata: { resourceVersion, labels: { value } } });
  expect((await patch('first')).status).toBe(200);
  expect(await patch('second')).toMatchObject({ status: 409, body: { reason: 'Conflict' } });
});
