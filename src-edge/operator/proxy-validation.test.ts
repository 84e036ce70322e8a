import { expect, test } from 'vitest';

import type { HTTPProxy } from '#contract/resources/generated.ts';

import { proxyOf } from '../test-resources.ts';
import { proxyProblem } from './proxy-validation.ts';

const good = proxyOf('shop', 'laptop', 'http://127.0.0.1:3000');
const backends = [{ endpoint: 'http://127.0.0.1:3000', connector: { name: 'laptop' } }];
const withSpec = (spec: Partial<HTTPProxy['spec']>): HTTPProxy => ({ ...good, spec: { ...good.spec, ...spec } });

test('a backend behind a connector is accepted', () => {
  expect(proxyProblem(good)).toBeNull();
});

test.each<[string, HTTPProxy, string]>([
  ['a name with dots', { ...good, metadata: { ...good.metadata, name: 'a.b' } }, 'metadata.name'],
  ['hostnames of its own', withSpec({ hostnames: ['a.example'] }), 'spec.hostnames'],
  ['no rules', withSpec({ rules: [] }), 'spec.rules'],
  [
    'a name twice',
    withSpec({
      rules: [
        { name: 'a', backends },
        { name: 'a', backends },
      ],
    }),
    'names of the rules',
  ],
  ['no backend', withSpec({ rules: [{}] }), 'spec.rules[0] needs a backend'],
  [
    'no connector',
    withSpec({ rules: [{ backends: [{ endpoint: 'http://a:1' }] }] }),
    'spec.rules[0].backends[0].connector',
  ],
  [
    'a connector that is none',
    withSpec({ rules: [{ backends: [{ endpoint: 'http://a:1', connector: { name: 'A_b' } }] }] }),
    'connector.name',
  ],
  [
    'a bad endpoint',
    withSpec({ rules: [{ backends: [{ endpoint: 'http://0.0.0.0:1', connector: { name: 'laptop' } }] }] }),
    'spec.rules[0].backends[0].endpoint names 0.0.0.0',
  ],
  [
    'a path that is none',
    withSpec({ rules: [{ matches: [{ path: { value: 'app' } }], backends }] }),
    'spec.rules[0].matches[0].path.value',
  ],
  [
    'too many matches',
    withSpec({
      rules: Array.from({ length: 3 }, () => ({ matches: Array.from({ length: 64 }, () => ({})), backends })),
    }),
    'at most 128 matches',
  ],
])('%s is refused by name', (_, proxy, words) => {
  expect(proxyProblem(proxy)).toContain(words);
});
