/**
 * Validates objects against a structural schema and words what is wrong as causes that name the field.
 */
import { Ajv, type ErrorObject, type SchemaValidateFunction, type ValidateFunction } from 'ajv';

import { equal, isArray, member, type JsonObject, type JsonValue } from '../json.ts';
import type { StatusCause } from '../status-error.ts';
import { addFormats } from './formats.ts';
import { memberPath, type Schema } from './structural-schema.ts';

/** Causes of what is wrong with the object; empty when nothing is. */
export type Validator = (object: JsonObject) => readonly StatusCause[];

/** Compiles `schema` once. Throws on a schema that is none. */
export function compileValidator(schema: Schema): Validator {
  const ajv = createAjv();
  const validate = ajv.compile(toJsonSchema(schema));
  return (object) => (validate(object) ? [] : causesOf(validate, object));
}

function createAjv(): Ajv {
  const ajv = new Ajv({ allErrors: true, verbose: true, strict: false, validateFormats: true });
  addFormats(ajv);
  ajv.addKeyword({ keyword: 'x-kubernetes-list-type', type: 'array', schemaType: 'string', ...uniqueness() });
  return ajv;
}

/** Lists that are sets or maps hold each key once; the error names the second holder. */
function uniqueness(): { readonly errors: 'full'; readonly validate: SchemaValidateFunction } {
  const unique: SchemaValidateFunction = (kind: string, list: readonly JsonValue[], parent?: object) => {
    if (kind !== 'map' && kind !== 'set') return true;
    const { 'x-kubernetes-list-map-keys': names = [] }: Schema = { ...parent };
    const keys = list.map((item) =>
      JSON.stringify(kind === 'set' ? item : names.map((name) => member(item, name) ?? null)),
    );
    const seen = new Set<string>();
    const twice = keys.findIndex((key) => seen.has(key) || !seen.add(key));
    unique.errors = twice === -1 ? [] : [{ keyword: 'duplicate', params: { index: twice, key: keys[twice] } }];
    return twice === -1;
  };
  return { errors: 'full', validate: unique };
}

/** The schema as JSON Schema says it: `nullable` and int-or-string become types. */
function toJsonSchema(schema: Schema): object {
  const { properties, items, additionalProperties, type, nullable, default: _default, ...rest } = schema;
  const types =
    schema['x-kubernetes-int-or-string'] === true ? ['integer', 'string'] : type === undefined ? [] : [type];
  if (nullable === true && types.length > 0) types.push('null');
  return {
    ...rest,
    ...(types.length === 0 ? {} : { type: types.length === 1 ? types[0] : types }),
    ...(items === undefined ? {} : { items: toJsonSchema(items) }),
    ...(typeof additionalProperties === 'object' ? { additionalProperties: toJsonSchema(additionalProperties) } : {}),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, property]) => [name, toJsonSchema(property)]),
          ),
        }),
  };
}

function causesOf(validate: ValidateFunction, object: JsonObject): readonly StatusCause[] {
  const causes = (validate.errors ?? []).map((error) => toCause(error, object));
  return causes.filter((cause, index) => causes.findIndex((each) => equal(each, cause)) === index);
}

/** ajv's JSON pointer as the path that Kubernetes shows. */
function fieldOf(pointer: string, object: JsonObject): string {
  let value: unknown = object;
  let path = '';
  for (const escaped of pointer.split('/').slice(1)) {
    const name = escaped.replaceAll('~1', '/').replaceAll('~0', '~');
    path = isArray(value) ? `${path}[${name}]` : memberPath(path, name);
    value = isArray(value) ? value[Number(name)] : member(value, name);
  }
  return path;
}

function toCause(error: ErrorObject, object: JsonObject): StatusCause {
  const field = fieldOf(error.instancePath, object);
  const params = error.params as Readonly<Record<string, unknown>>;
  const shown = shorten(error.data);
  switch (error.keyword) {
    case 'required':
      return {
        reason: 'FieldValueRequired',
        field: memberPath(field, String(params['missingProperty'])),
        message: 'Required value',
      };
    case 'enum': {
      const values = (params['allowedValues'] as readonly unknown[]).map((value) => JSON.stringify(value)).join(', ');
      const message = `Unsupported value: ${shown}: supported values: ${values}`;
      return { reason: 'FieldValueNotSupported', field, message };
    }
    case 'type': {
      const message = `Invalid value: ${shown}: must be of type ${[params['type']].flat().join(' or ')}`;
      return { reason: 'FieldValueTypeInvalid', field, message };
    }
    case 'duplicate': {
      const message = `Duplicate value: ${String(params['key'])}`;
      return { reason: 'FieldValueDuplicate', field: `${field}[${String(params['index'])}]`, message };
    }
    case 'format': {
      const message = `Invalid value: ${shown}: must be of type ${String(params['format'])}`;
      return { reason: 'FieldValueTypeInvalid', field, message };
    }
    case 'maxLength': {
      const message = `Too long: may not be more than ${String(params['limit'])} characters`;
      return { reason: 'FieldValueTooLong', field, message };
    }
    case 'maxItems': {
      const message = `Too many: must have at most ${String(params['limit'])} items`;
      return { reason: 'FieldValueTooMany', field, message };
    }
    default:
      return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${shown}: ${error.message ?? 'invalid'}` };
  }
}

/** Longest piece of a client's value that is sent back, in characters. */
const maxShown = 120;

function shorten(value: unknown): string {
  const json = JSON.stringify(value) ?? 'null';
  return json.length > maxShown ? `${json.slice(0, maxShown)}…` : json;
}
