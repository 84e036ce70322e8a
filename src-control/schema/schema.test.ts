/**
 * Pruning, defaulting and validation, as structural schemas ask for them.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { JsonObject, JsonValue } from '../json.ts';
import { withDefaults } from './defaulting.ts';
import { prune } from './pruning.ts';
import type { Schema } from './structural-schema.ts';
import { compileValidator } from './validation.ts';

const schema = {
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 5 },
    size: { 'x-kubernetes-int-or-string': true },
    maybe: { type: 'string', nullable: true, default: 'd' },
    mode: { type: 'string', enum: ['a', 'b'], default: 'a' },
    at: { type: 'string', format: 'date-time' },
    count: { type: 'integer', format: 'int32' },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    items: {
      type: 'array',
      maxItems: 2,
      items: {
        type: 'object',
        required: ['id'],
        properties: { id: { type: 'string' }, on: { type: 'boolean', default: true } },
      },
    },
    nested: { type: 'object', default: {}, properties: { deep: { type: 'integer', default: 1 } } },
    tags: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
  },
} as unknown as Schema;
const validate = compileValidator(schema);

describe('pruning', () => {
  test('drops what is not known and says what', () => {
    const unknown: string[] = [];
    const value: JsonObject = {
      name: 'x',
      other: 1,
      labels: { any: 'y' },
      free: { any: { deep: 1 } },
      items: [{ id: 'i', no: 1 }],
    };
    expect(prune(value, schema, 'spec', unknown)).toEqual({
      name: 'x',
      labels: { any: 'y' },
      free: { any: { deep: 1 } },
      items: [{ id: 'i' }],
    });
    expect(unknown).toEqual(['spec.other', 'spec.items[0].no']);
  });
});

describe('defaulting', () => {
  test('fills from the outside in, and leaves what was given', () => {
    expect(withDefaults({ items: [{ id: 'i' }] }, schema)).toEqual({
      items: [{ id: 'i', on: true }],
      maybe: 'd',
      mode: 'a',
      nested: { deep: 1 },
    });
    expect(withDefaults({ maybe: null, mode: 'b', nested: { deep: 2 } }, schema)).toEqual({
      maybe: null,
      mode: 'b',
      nested: { deep: 2 },
    });
  });

  test('null stands for "not given" where it is not allowed', () => {
    expect(withDefaults({ mode: null }, schema)).toMatchObject({ mode: 'a' });
  });

  test('doing it twice changes nothing, and neither does pruning what was filled in', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('mode', 'nested', 'items', 'maybe', 'x'), fc.jsonValue()), (value) => {
        const once = withDefaults(prune(value as JsonValue, schema, '', []), schema);
        expect(withDefaults(once, schema)).toEqual(once);
        expect(prune(once, schema, '', [])).toEqual(once);
      }),
    );
  });
});

describe('validation', () => {
  test.each<[JsonObject, string, string]>([
    [{ name: '' }, 'name', 'FieldValueInvalid'],
    [{ name: 'toolong' }, 'name', 'FieldValueTooLong'],
    [{ name: 1 }, 'name', 'FieldValueTypeInvalid'],
    [{ size: true }, 'size', 'FieldValueTypeInvalid'],
    [{ mode: 'c' }, 'mode', 'FieldValueNotSupported'],
    [{ at: 'yesterday' }, 'at', 'FieldValueTypeInvalid'],
    [{ at: '2026-13-01T00:00:00Z' }, 'at', 'FieldValueTypeInvalid'],
    [{ count: 2 ** 40 }, 'count', 'FieldValueTypeInvalid'],
    [{ items: [{ id: 'a' }, {}] }, 'items[1].id', 'FieldValueRequired'],
    [{ items: [{ id: 'a' }, { id: 'b' }, { id: 'c' }] }, 'items', 'FieldValueTooMany'],
    [{ tags: ['a', 'b', 'a'] }, 'tags[2]', 'FieldValueDuplicate'],
    [{ labels: { 'a/b~c': 1 } }, 'labels.a/b~c', 'FieldValueTypeInvalid'],
  ])('%j names %s', (value, field, reason) => {
    expect(validate(value)).toEqual([expect.objectContaining({ field, reason })]);
  });

  test.each<[JsonObject]>([
    [{ size: 1 }],
    [{ size: '1' }],
    [{ maybe: null }],
    [{ at: '2026-01-01T00:00:00.123456Z' }],
    [{ at: '2026-01-01T00:00:00+02:00' }],
    [{ tags: ['a', 'b'] }],
  ])('%j is right', (value) => {
    expect(validate(value)).toEqual([]);
  });
});
