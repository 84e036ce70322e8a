import { describe, expect, test } from 'vitest';

import type { HTTPProxy } from '#contract/resources/generated.ts';

import { advertisementOf, proxyOf } from '../test-resources.ts';
import { buildRoutingTable, findTarget } from './routing-table.ts';

type Rules = HTTPProxy['spec']['rules'];

function proxy(
  name: string,
  options: { hostname?: string; rules?: Rules; created?: string; accepted?: 'False' } = {},
): HTTPProxy {
  const base = proxyOf(name, 'laptop', 'http://127.0.0.1:3000');
  const {
    hostname = `${name}.localhost`,
    rules = base.spec.rules,
    created = '2026-01-01T00:00:00Z',
    accepted,
  } = options;
  return {
    ...base,
    metadata: { ...base.metadata, uid: `uid-${name}`, generation: 1, creationTimestamp: created },
    spec: { rules },
    status: {
      canonicalHostname: hostname,
      conditions: [
        { type: 'Accepted', status: accepted ?? 'True', reason: 'R', message: '', lastTransitionTime: created },
      ],
    },
  };
}

const backendAt = (port: number) => [{ endpoint: `http://127.0.0.1:${port}`, connector: { name: 'laptop' } }];

function authorityFor(rules: Rules, path: string): string | undefined {
  const routes = buildRoutingTable({ proxies: [proxy('a', { rules })], advertisements: [] }).get('a.localhost');
  return routes === undefined ? undefined : findTarget(routes, path)?.backend.authority;
}

describe('a hostname', () => {
  test('routes to the backend, and says whether an advertisement covers it', () => {
    const table = buildRoutingTable({
      proxies: [proxy('a'), proxy('b', { rules: [{ backends: backendAt(4000) }] })],
      advertisements: [advertisementOf('a', 'laptop', 3000)],
    });
    const target = (host: string) => {
      const routes = table.get(host);
      return routes === undefined ? null : findTarget(routes, '/');
    };
    expect(target('a.localhost')).toEqual({
      backend: { scheme: 'http', authority: '127.0.0.1:3000' },
      connector: { namespace: 'default', name: 'laptop' },
      advertised: true,
    });
    expect(target('b.localhost')?.advertised).toBe(false);
  });

  test.each([
    ['an advertisement of another connector', advertisementOf('a', 'other', 3000)],
    [
      'an advertisement of another namespace',
      { ...advertisementOf('a', 'laptop', 3000), metadata: { name: 'a', namespace: 'elsewhere' } },
    ],
    [
      'an advertisement that is being deleted',
      {
        ...advertisementOf('a', 'laptop', 3000),
        metadata: { name: 'a', namespace: 'default', deletionTimestamp: '2026-01-01T00:00:00Z' },
      },
    ],
  ])('is not covered by %s', (_, advertisement) => {
    const routes = buildRoutingTable({ proxies: [proxy('a')], advertisements: [advertisement] }).get('a.localhost');
    expect(routes?.rules[0]?.target.advertised).toBe(false);
  });

  test('stays with the older proxy, in whatever order they come', () => {
    const older = proxy('older', { hostname: 'same.localhost', created: '2026-01-01T00:00:00Z' });
    const younger = proxy('younger', { hostname: 'same.localhost', created: '2026-01-02T00:00:00Z' });
    for (const proxies of [
      [older, younger],
      [younger, older],
    ]) {
      expect(buildRoutingTable({ proxies, advertisements: [] }).get('same.localhost')?.proxy.name).toBe('older');
    }
  });

  test('has no route while its proxy is not accepted or is being deleted', () => {
    const deleted = proxy('b');
    const proxies = [
      proxy('a', { accepted: 'False' }),
      { ...deleted, metadata: { ...deleted.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } },
    ];
    expect(buildRoutingTable({ proxies, advertisements: [] }).size).toBe(0);
  });

  test('never routes to an endpoint that is not allowed', () => {
    const rules = [{ backends: [{ endpoint: 'http://169.254.169.254', connector: { name: 'laptop' } }] }];
    expect(authorityFor(rules, '/')).toBeUndefined();
  });
});

describe('a path', () => {
  const rules: Rules = [
    { matches: [{ path: { type: 'PathPrefix', value: '/' } }], backends: backendAt(1) },
    { matches: [{ path: { type: 'PathPrefix', value: '/app' } }], backends: backendAt(2) },
    { matches: [{ path: { type: 'PathPrefix', value: '/app/deep/' } }], backends: backendAt(3) },
    { matches: [{ path: { type: 'Exact', value: '/app' } }], backends: backendAt(4) },
  ];
  test.each([
    ['/', '127.0.0.1:1'],
    ['/apple', '127.0.0.1:1'],
    ['/app', '127.0.0.1:4'],
    ['/app/', '127.0.0.1:2'],
    ['/app/x', '127.0.0.1:2'],
    ['/app/deep', '127.0.0.1:3'],
    ['/app/deep/er', '127.0.0.1:3'],
  ])('%s goes to the most specific rule', (path, authority) => {
    expect(authorityFor(rules, path)).toBe(authority);
  });

  test('that no rule matches has no target', () => {
    expect(authorityFor([{ matches: [{ path: { value: '/only' } }], backends: backendAt(1) }], '/')).toBeUndefined();
  });
});
