/**
 * Everything the control plane knows about one resource type, made from a CustomResourceDefinition.
 */
import { parseJsonPath, type JsonPath } from '../json-path.ts';
import { isArray, isObject, member, text, type JsonObject, type JsonValue } from '../json.ts';
import { withoutEnvelope, type Schema } from '../schema/structural-schema.ts';
import { compileValidator, type Validator } from '../schema/validation.ts';

/** A column of `kubectl get`. */
export type PrinterColumn = {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly description: string;
  /** 0 is shown always, more only in wide output. */
  readonly priority: number;
  readonly values: JsonPath;
};

export type ResourceType = {
  /** Name in the store: `group/plural`. */
  readonly id: string;
  readonly group: string;
  readonly version: string;
  /** `group/version`, or the version alone for the core group. */
  readonly apiVersion: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly hasStatus: boolean;
  /** Served from CustomResourceDefinitions, and not one of the server's own types. */
  readonly custom: boolean;
  /** Cannot be written by clients. */
  readonly readOnly: boolean;
  readonly schema: Schema;
  readonly validate: Validator;
  readonly columns: readonly PrinterColumn[];
  /** Fields that field selectors may name beside name and namespace. */
  readonly selectable: ReadonlyMap<string, JsonPath>;
};

/** What our CustomResourceDefinitions must not ask for, since it would silently not happen. */
const unsupportedKeywords: ReadonlySet<string> = new Set(['x-kubernetes-validations']);

/** Reads one definition. Throws an Error that says what is wrong with it. */
export function resourceTypeOf(
  definition: JsonObject,
  flags: { readonly custom: boolean; readonly readOnly?: boolean } = { custom: true },
): ResourceType {
  const spec = member(definition, 'spec');
  const names = member(spec, 'names');
  const versions = member(spec, 'versions');
  const label = text(member(definition, 'metadata'), 'name') ?? 'a definition';
  if (!isArray(versions) || versions.length !== 1) throw new Error(`${label}: exactly one version is supported`);
  const [version] = versions;
  const schema = member(member(version, 'schema'), 'openAPIV3Schema');
  if (!isObject(schema)) throw new Error(`${label}: has no schema`);
  refuseUnsupported(schema, label);
  const group = text(spec, 'group') ?? '';
  const need = (owner: unknown, field: string): string => {
    const found = text(owner, field);
    if (found === undefined) throw new Error(`${label}: ${field} is missing`);
    return found;
  };
  const plural = need(names, 'plural');
  const kind = need(names, 'kind');
  return {
    id: `${group}/${plural}`,
    group,
    version: need(version, 'name'),
    apiVersion: group === '' ? need(version, 'name') : `${group}/${need(version, 'name')}`,
    plural,
    singular: text(names, 'singular') ?? kind.toLowerCase(),
    kind,
    listKind: text(names, 'listKind') ?? `${kind}List`,
    shortNames: strings(member(names, 'shortNames')),
    categories: strings(member(names, 'categories')),
    namespaced: text(spec, 'scope') === 'Namespaced',
    hasStatus: member(member(version, 'subresources'), 'status') !== undefined,
    custom: flags.custom,
    readOnly: flags.readOnly ?? false,
    schema,
    validate: compileBody(schema),
    columns: columnsOf(member(version, 'additionalPrinterColumns')),
    selectable: selectableOf(member(version, 'selectableFields')),
  };
}

/** The envelope is validated apart, with words of its own. */
function compileBody(schema: Schema): Validator {
  const properties = withoutEnvelope(schema.properties ?? {});
  const required = (schema.required ?? []).filter((name) => Object.hasOwn(properties, name));
  return compileValidator({ ...schema, properties: properties as Record<string, Schema>, required });
}

function refuseUnsupported(value: JsonValue, label: string): void {
  if (isArray(value)) for (const item of value) refuseUnsupported(item, label);
  if (!isObject(value)) return;
  for (const [name, inner] of Object.entries(value)) {
    if (unsupportedKeywords.has(name)) throw new Error(`${label}: ${name} is not supported`);
    refuseUnsupported(inner, label);
  }
}

function strings(value: JsonValue | undefined): readonly string[] {
  return isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

function columnsOf(columns: JsonValue | undefined): readonly PrinterColumn[] {
  const found = (isArray(columns) ? columns : []).map((column) => ({
    name: text(column, 'name') ?? '',
    type: text(column, 'type') ?? 'string',
    format: text(column, 'format') ?? '',
    description: text(column, 'description') ?? '',
    priority: Number(member(column, 'priority') ?? 0),
    values: parseJsonPath(text(column, 'jsonPath') ?? ''),
  }));
  if (found.length > 0) return found;
  const age = '.metadata.creationTimestamp';
  return [{ name: 'Age', type: 'date', format: '', description: '', priority: 0, values: parseJsonPath(age) }];
}

function selectableOf(fields: JsonValue | undefined): ReadonlyMap<string, JsonPath> {
  const paths = (isArray(fields) ? fields : []).map((field) => text(field, 'jsonPath') ?? '');
  return new Map(paths.map((path) => [path.replace(/^\./, ''), parseJsonPath(path)]));
}
