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
  ['a name with dots', { ...good, metadata: { ...good.metadata, name: 'a.b' } }, 'metadata.name “a.b”'],
  [
    'hostnames of its own',
    withSpec({ hostnames: ['a.example'] }),
    'spec.hostnames asks for “a.example”, and this platform gives out hostnames itself. Remove spec.hostnames, for example with: kubectl -n default patch httpproxy shop --type=json',
  ],
  ['no rules', withSpec({ rules: [] }), 'spec.rules is empty. Add a rule'],
  [
    'a name twice',
    withSpec({
      rules: [
        { name: 'a', backends },
        { name: 'a', backends },
      ],
    }),
    'spec.rules[1].name “a” is the name of another rule as well',
  ],
  ['no backend', withSpec({ rules: [{}] }), 'spec.rules[0].backends is empty. Add'],
  [
    'no connector',
    withSpec({ rules: [{ backends: [{ endpoint: 'http://a:1' }] }] }),
    'spec.rules[0].backends[0].connector',
  ],
  [
    'a connector that is none',
    withSpec({ rules: [{ backends: [{ endpoint: 'http://a:1', connector: { name: 'A_b' } }] }] }),
    'spec.rules[0].backends[0].connector.name is “A_b”',
  ],
  [
    'a bad endpoint',
    withSpec({ rules: [{ backends: [{ endpoint: 'http://0.0.0.0:1', connector: { name: 'laptop' } }] }] }),
    'spec.rules[0].backends[0].endpoint names 0.0.0.0',
  ],
  [
    'a path that is none',
    withSpec({ rules: [{ matches: [{ path: { value: 'app' } }], backends }] }),
    'spec.rules[0].matches[0].path.value is “app” and must begin with “/”. Write “/app”.',
  ],
  [
    'too many matches',
    withSpec({
      rules: Array.from({ length: 3 }, () => ({ matches: Array.from({ length: 64 }, () => ({})), backends })),
    }),
    'spec.rules has 192 matches in all, and 128 are possible',
  ],
])('%s is refused by name', (_, proxy, words) => {
  expect(proxyProblem(proxy)).toContain(words);
});
