/**
 * Merge patch and JSON patch against the examples of their RFCs, and against each other.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { JsonValue } from '../json.ts';
import { applyJsonPatch } from './json-patch.ts';
import { applyMergePatch } from './merge-patch.ts';

describe('merge patch', () => {
  // RFC 7396, appendix A.
  test.each<[JsonValue, JsonValue, JsonValue]>([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%j patched by %j is %j', (target, patch, expected) => {
    expect(applyMergePatch(target, patch)).toEqual(expected);
  });

  test('does not reach prototypes', () => {
    const patched = applyMergePatch({}, JSON.parse('{"__proto__":{"polluted":true}}') as JsonValue);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect((patched as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe('JSON patch', () => {
  // RFC 6902, appendix A.
  test.each<[JsonValue, JsonValue[], JsonValue]>([
    [{ foo: 'bar' }, [{ op: 'add', path: '/baz', value: 'qux' }], { foo: 'bar', baz: 'qux' }],
    [{ foo: ['bar', 'baz'] }, [{ op: 'add', path: '/foo/1', value: 'qux' }], { foo: ['bar', 'qux', 'baz'] }],
    [{ baz: 'qux', foo: 'bar' }, [{ op: 'remove', path: '/baz' }], { foo: 'bar' }],
    [{ foo: ['bar', 'qux', 'baz'] }, [{ op: 'remove', path: '/foo/1' }], { foo: ['bar', 'baz'] }],
    [{ baz: 'qux', foo: 'bar' }, [{ op: 'replace', path: '/baz', value: 'boo' }], { foo: 'bar', baz: 'boo' }],
    [
      { foo: { bar: 'baz' }, qux: {} },
      [{ op: 'move', from: '/foo/bar', path: '/qux/thud' }],
      { foo: {}, qux: { thud: 'baz' } },
    ],
    [
      { foo: ['all', 'grass', 'cows', 'eat'] },
      [{ op: 'move', from: '/foo/1', path: '/foo/3' }],
      { foo: ['all', 'cows', 'eat', 'grass'] },
    ],
    [
      { foo: 'bar' },
      [{ op: 'add', path: '/child', value: { grandchild: {} } }],
      { foo: 'bar', child: { grandchild: {} } },
    ],
    [{ '/': 9, '~1': 10 }, [{ op: 'test', path: '/~01', value: 10 }], { '/': 9, '~1': 10 }],
    [{ foo: ['bar'] }, [{ op: 'add', path: '/foo/-', value: ['abc'] }], { foo: ['bar', ['abc']] }],
    [{ a: 1 }, [{ op: 'copy', from: '/a', path: '/b' }], { a: 1, b: 1 }],
    [{ a: 1 }, [{ op: 'replace', path: '', value: 2 }], 2],
  ])('%j patched by %j is %j', (target, patch, expected) => {
    expect(applyJsonPatch(target, patch)).toEqual(expected);
  });

  test.each<[JsonValue, JsonValue, number]>([
    [{ foo: 'bar' }, [{ op: 'add', path: '/baz/bat', value: 'qux' }], 422],
    [{ baz: 'qux' }, [{ op: 'test', path: '/baz', value: 'bar' }], 422],
    [{ a: [1] }, [{ op: 'add', path: '/a/2', value: 1 }], 422],
    [{ a: [1] }, [{ op: 'add', path: '/a/01', value: 1 }], 422],
    [{ a: { b: 1 } }, [{ op: 'move', from: '/a', path: '/a/b' }], 422],
    [{}, [{ op: 'remove', path: '/__proto__' }], 422],
    [{}, [{ op: 'jump', path: '/a' }], 422],
    [{}, [{ op: 'add', path: '/a' }], 400],
    [{}, [{ op: 'add', path: 'a', value: 1 }], 400],
    [{}, { op: 'add' }, 400],
  ])('%j refuses %j with %i', (target, patch, code) => {
    expect(() => applyJsonPatch(target, patch)).toThrow(expect.objectContaining({ code }));
  });

  test('never changes what it was given, whatever the patch', () => {
    const operation = fc.record({
      op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test'),
      path: fc.constantFrom('', '/a', '/a/0', '/a/-', '/b/c', '/b', '/__proto__/x'),
      from: fc.constantFrom('/a', '/a/0', '/b'),
      value: fc.jsonValue(),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 6 }), (patch) => {
        const target = { a: [1, { x: 2 }], b: { c: 'd' } };
        const before = structuredClone(target);
        try {
          applyJsonPatch(target, patch as JsonValue);
        } catch (error) {
          expect(error).toHaveProperty('code');
        }
        expect(target).toEqual(before);
        expect(({} as { x?: unknown }).x).toBeUndefined();
      }),
    );
  });
});
