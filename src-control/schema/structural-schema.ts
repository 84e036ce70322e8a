/**
 * The structural schema of a CustomResourceDefinition, as far as the control plane reads it, and paths into objects.
 */
import type { JsonObject, JsonValue } from '../json.ts';

/** A node of an `openAPIV3Schema`. Keywords that only validation reads are not listed. */
export type Schema = {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly default?: JsonValue;
  readonly nullable?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
};

/** The path of member `name` of the object at `path`, in the form that Kubernetes shows: `spec.rules[0].name`. */
export function memberPath(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

export function itemPath(path: string, index: number): string {
  return `${path}[${index}]`;
}

/** The schema of member `name`, undefined where the schema does not know it. */
export function memberSchema(schema: Schema, name: string): Schema | undefined {
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, name)) return schema.properties[name];
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}

/** True where members that the schema does not name are kept. */
export function keepsUnknown(schema: Schema): boolean {
  return schema['x-kubernetes-preserve-unknown-fields'] === true || schema.additionalProperties === true;
}

/** The members of an object that the server itself looks after; schemas do not describe them. */
export const envelopeFields: readonly string[] = ['apiVersion', 'kind', 'metadata'];

/** `object` without the members of the envelope. */
export function withoutEnvelope(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !envelopeFields.includes(name)));
}
