/**
 * Rules for `metadata` that hold for every type: names, labels, annotations, finalizers, owners.
 */
import { isArray, isObject, member, text, type JsonObject, type JsonValue } from '../json.ts';
import { itemPath, memberPath } from '../schema/structural-schema.ts';
import type { StatusCause } from '../status-error.ts';

const label = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?';
const dnsLabel = new RegExp(`^${label}$`);
const dnsSubdomain = new RegExp(`^${label}(?:\\.${label})*$`);
const qualifiedName = /^(?:[a-z0-9.-]+\/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const labelValue = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;

/** Bytes of all annotations together. */
const maxAnnotations = 256 * 1024;
/** Letters and digits that cannot be taken for one another or make words. */
const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789';
const suffixLength = 5;
/** Longest name the server makes up. */
const maxGeneratedName = 63;

/** A name that starts with `prefix`. `random` is uniform in [0, 1). */
export function generateName(prefix: string, random: () => number): string {
  const letters = Array.from({ length: suffixLength }, () => {
    return suffixAlphabet[Math.floor(random() * suffixAlphabet.length)] ?? 'x';
  });
  return prefix.slice(0, maxGeneratedName - suffixLength) + letters.join('');
}

/** Whether `name` can name an object: RFC 1123 subdomain, for namespaces a single label. */
function nameFault(name: string, asLabel: boolean): string | undefined {
  if (asLabel) {
    return name.length <= 63 && dnsLabel.test(name)
      ? undefined
      : 'must be at most 63 lower-case letters, digits and hyphens, starting and ending with a letter or digit';
  }
  return name.length <= 253 && dnsSubdomain.test(name)
    ? undefined
    : 'must be lower-case letters, digits, hyphens and dots, each part starting and ending with a letter or digit';
}

/** The causes of what is wrong with `metadata`; empty when nothing is. */
export function metadataFaults(metadata: JsonObject, namesAreLabels: boolean): readonly StatusCause[] {
  const name = text(metadata, 'name') ?? '';
  const fault = nameFault(name, namesAreLabels);
  const nameCause =
    name === ''
      ? [{ reason: 'FieldValueRequired', field: 'metadata.name', message: 'Required value: name or generateName' }]
      : fault === undefined
        ? []
        : [wrong('metadata.name', name, fault)];
  return [
    ...nameCause,
    ...mapFaults(
      member(metadata, 'labels'),
      'metadata.labels',
      (value) => value.length <= 63 && labelValue.test(value),
    ),
    ...mapFaults(member(metadata, 'annotations'), 'metadata.annotations', () => true),
    ...sizeFaults(member(metadata, 'annotations')),
    ...finalizerFaults(member(metadata, 'finalizers')),
    ...ownerFaults(member(metadata, 'ownerReferences')),
  ];
}

function wrong(field: string, value: unknown, why: string): StatusCause {
  return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${JSON.stringify(value)}: ${why}` };
}

function isQualified(name: string): boolean {
  return qualifiedName.test(name) && (name.split('/').at(-1) ?? '').length <= 63 && name.length <= 317;
}

function mapFaults(map: JsonValue | undefined, field: string, accepts: (value: string) => boolean): StatusCause[] {
  if (map === undefined || map === null) return [];
  if (!isObject(map)) return [wrong(field, map, 'must be an object')];
  return Object.entries(map).flatMap(([name, value]) => {
    if (!isQualified(name)) return [wrong(field, name, 'the name is not a qualified name')];
    if (typeof value !== 'string') return [wrong(memberPath(field, name), value, 'must be a string')];
    return accepts(value) ? [] : [wrong(memberPath(field, name), value, 'is not a label value')];
  });
}

function sizeFaults(annotations: JsonValue | undefined): StatusCause[] {
  const size = isObject(annotations) ? JSON.stringify(annotations).length : 0;
  if (size <= maxAnnotations) return [];
  const message = `Too long: may not be more than ${maxAnnotations} bytes`;
  return [{ reason: 'FieldValueTooLong', field: 'metadata.annotations', message }];
}

function finalizerFaults(finalizers: JsonValue | undefined): StatusCause[] {
  if (finalizers === undefined || finalizers === null) return [];
  if (!isArray(finalizers)) return [wrong('metadata.finalizers', finalizers, 'must be a list')];
  return finalizers.flatMap((each, index) =>
    typeof each === 'string' && isQualified(each)
      ? []
      : [wrong(itemPath('metadata.finalizers', index), each, 'is not a qualified name')],
  );
}

function ownerFaults(owners: JsonValue | undefined): StatusCause[] {
  if (owners === undefined || owners === null) return [];
  if (!isArray(owners)) return [wrong('metadata.ownerReferences', owners, 'must be a list')];
  const missing = owners.flatMap((owner, index) =>
    ['apiVersion', 'kind', 'name', 'uid']
      .filter((name) => (text(owner, name) ?? '') === '')
      .map((name) => ({
        reason: 'FieldValueRequired',
        field: memberPath(itemPath('metadata.ownerReferences', index), name),
        message: 'Required value',
      })),
  );
  const controllers = owners.filter((owner) => member(owner, 'controller') === true).length;
  return controllers <= 1
    ? missing
    : [...missing, wrong('metadata.ownerReferences', controllers, 'only one owner can be the controller')];
}
