/**
 * Rules for `metadata` that hold for every type: names, labels, annotations, finalizers, owners.
 */
import { isArray, isObject, member, text, type JsonObject, type JsonValue } from '../json.ts';
import { memberPath } from '../schema/structural-schema.ts';
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

/** What is wrong with `name` as the name of an object: RFC 1123 subdomain, for namespaces a single label. */
function nameFault(name: string, asLabel: boolean): string | undefined {
  const longest = asLabel ? 63 : 253;
  if (name.length > longest) return `must be no more than ${longest} characters`;
  if (asLabel) {
    return dnsLabel.test(name)
      ? undefined
      : 'must be lower-case letters, digits and hyphens, starting and ending with a letter or digit';
  }
  return dnsSubdomain.test(name)
    ? undefined
    : 'must be lower-case letters, digits, hyphens and dots, each part starting and ending with a letter or digit';
}

const plainCharacters =
  "must be alphanumeric characters, '-', '_' or '.', starting and ending with an alphanumeric character";

function labelFault(value: string): string | undefined {
  if (value.length > 63) return 'must be no more than 63 characters';
  return labelValue.test(value) ? undefined : `${plainCharacters}, or empty`;
}

/** What is wrong with the key of a label or annotation, or with a finalizer. */
function qualifiedFault(name: string): string | undefined {
  if ((name.split('/').at(-1) ?? '').length > 63) return 'its name part must be no more than 63 characters';
  if (name.length > 317) return 'its prefix must be no more than 253 characters';
  return qualifiedName.test(name) ? undefined : `${plainCharacters}; a DNS name and '/' may stand before it`;
}

/** The causes of what is wrong with `metadata`; empty when nothing is. */
export function metadataFaults(metadata: JsonObject, namesAreLabels: boolean): readonly StatusCause[] {
  const name = text(metadata, 'name') ?? '';
  const fault = nameFault(name, namesAreLabels);
  const nameCause =
    name === ''
      ? [
          {
            reason: 'FieldValueRequired',
            field: 'metadata.name',
            message: 'Required value: name or generateName is required',
          },
        ]
      : fault === undefined
        ? []
        : [wrong('metadata.name', name, fault)];
  return [
    ...nameCause,
    ...mapFaults(member(metadata, 'labels'), 'metadata.labels', labelFault),
    ...mapFaults(member(metadata, 'annotations'), 'metadata.annotations', () => undefined),
    ...sizeFaults(member(metadata, 'annotations')),
    ...finalizerFaults(member(metadata, 'finalizers')),
    ...ownerFaults(member(metadata, 'ownerReferences')),
  ];
}

function wrong(field: string, value: unknown, why: string): StatusCause {
  return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${JSON.stringify(value)}: ${why}` };
}

type Judge = (value: string) => string | undefined;

function mapFaults(map: JsonValue | undefined, field: string, faultOf: Judge): StatusCause[] {
  if (map === undefined || map === null) return [];
  if (!isObject(map)) return [wrong(field, map, 'must be an object')];
  return Object.entries(map).flatMap(([name, value]) => {
    const nameWrong = qualifiedFault(name);
    if (nameWrong !== undefined) return [wrong(field, name, nameWrong)];
    if (typeof value !== 'string') return [wrong(field, value, 'must be a string')];
    const valueWrong = faultOf(value);
    return valueWrong === undefined ? [] : [wrong(field, value, valueWrong)];
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
  return finalizers.flatMap((each) => {
    if (typeof each !== 'string') return [wrong('metadata.finalizers', each, 'must be a string')];
    const fault = qualifiedFault(each);
    return fault === undefined ? [] : [wrong('metadata.finalizers', each, fault)];
  });
}

function ownerFaults(owners: JsonValue | undefined): StatusCause[] {
  if (owners === undefined || owners === null) return [];
  if (!isArray(owners)) return [wrong('metadata.ownerReferences', owners, 'must be a list')];
  const missing = owners.flatMap((owner) =>
    ['apiVersion', 'kind', 'name', 'uid']
      .filter((name) => (text(owner, name) ?? '') === '')
      .map((name) => wrong(memberPath('metadata.ownerReferences', name), '', 'must not be empty')),
  );
  const controllers = owners.filter((owner) => member(owner, 'controller') === true).length;
  return controllers <= 1
    ? missing
    : [...missing, wrong('metadata.ownerReferences', controllers, 'only one owner can be the controller')];
}
