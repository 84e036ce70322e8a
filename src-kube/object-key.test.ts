import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { formatKey, keyOf, parseKey } from './object-key.ts';

const dnsName = fc.stringMatching(/^[a-z0-9]([-a-z0-9.]{0,20}[a-z0-9])?$/);

test('the text form of every key reads back as the same key, and no two keys share one', () => {
  const key = fc.record({ namespace: fc.option(dnsName), name: dnsName });
  fc.assert(
    fc.property(key, key, (one, other) => {
      expect(parseKey(formatKey(one))).toEqual(one);
      expect(formatKey(one) === formatKey(other)).toBe(one.name === other.name && one.namespace === other.namespace);
    }),
  );
});

test('a cluster-scoped object has no namespace in its key', () => {
  const object = { apiVersion: 'v1', kind: 'Thing', metadata: { name: 'a' } };
  expect(keyOf(object)).toEqual({ namespace: null, name: 'a' });
  expect(keyOf({ ...object, metadata: { name: 'a', namespace: 'b' } })).toEqual({ namespace: 'b', name: 'a' });
});
