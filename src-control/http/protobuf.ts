/**
 * Decodes the few request bodies that kubectl sends as Protobuf whatever the server prefers: reviews and namespaces.
 *
 * The body is four magic bytes and an envelope (runtime.Unknown) with the type and the message. Field numbers are
 * those of the published .proto files of the Kubernetes API; fields that are not in the tables are skipped.
 */
import { text, type JsonObject, type JsonValue } from '../json.ts';
import { badRequest, unsupportedMediaType } from '../status-error.ts';

export const protobufMediaType = 'application/vnd.kubernetes.protobuf';

/** How to read a field: text, a map from text to text, or a message. */
type Field = { readonly name: string; readonly as: 'text' | 'map' | Message };
type Message = ReadonlyMap<number, Field>;

const texts = (names: Readonly<Record<number, string>>): readonly [number, Field][] =>
  Object.entries(names).map(([number, name]) => [Number(number), { name, as: 'text' }]);

const metadata: Message = new Map<number, Field>([
  ...texts({ 1: 'name', 2: 'generateName', 3: 'namespace' }),
  [11, { name: 'labels', as: 'map' }],
  [12, { name: 'annotations', as: 'map' }],
]);
const named: readonly [number, Field][] = [[1, { name: 'metadata', as: metadata }]];
const withSpec = (...fields: readonly [number, Field][]): Message =>
  new Map<number, Field>([...named, [2, { name: 'spec', as: new Map(fields) }]]);

const resourceAttributes: Message = new Map(
  texts({ 1: 'namespace', 2: 'verb', 3: 'group', 4: 'version', 5: 'resource', 6: 'subresource', 7: 'name' }),
);
const nonResourceAttributes: Message = new Map(texts({ 1: 'path', 2: 'verb' }));

const messages: ReadonlyMap<string, Message> = new Map([
  ['v1 Namespace', new Map(named)],
  ['authentication.k8s.io/v1 SelfSubjectReview', new Map(named)],
  ['authorization.k8s.io/v1 SelfSubjectRulesReview', withSpec(...texts({ 1: 'namespace' }))],
  [
    'authorization.k8s.io/v1 SelfSubjectAccessReview',
    withSpec(
      [1, { name: 'resourceAttributes', as: resourceAttributes }],
      [2, { name: 'nonResourceAttributes', as: nonResourceAttributes }],
    ),
  ],
]);

const magic = Buffer.from('k8s\0');
const typeMeta: Message = new Map(texts({ 1: 'apiVersion', 2: 'kind' }));

/** Throws 400 on what is not Protobuf, 415 on messages that are not in the table. */
export function decodeProtobuf(body: Buffer): JsonObject {
  if (!body.subarray(0, magic.length).equals(magic)) throw malformed();
  let type: JsonObject = {};
  let raw: Buffer = Buffer.alloc(0);
  for (const [number, content] of fieldsOf(body.subarray(magic.length))) {
    if (number === 1) type = read(content, typeMeta);
    if (number === 2) raw = content;
  }
  const label = `${text(type, 'apiVersion') ?? ''} ${text(type, 'kind') ?? ''}`;
  const message = messages.get(label);
  if (message === undefined) throw unsupportedMediaType(`${label} is not served as Protobuf; send JSON or YAML`);
  return { ...type, ...read(raw, message) };
}

function malformed(): Error {
  return badRequest('the body is not a Kubernetes Protobuf message');
}

function read(content: Buffer, message: Message): JsonObject {
  const values = new Map<string, JsonValue>();
  for (const [number, bytes] of fieldsOf(content)) {
    const field = message.get(number);
    if (field === undefined) continue;
    if (field.as === 'text') values.set(field.name, bytes.toString('utf8'));
    else if (field.as === 'map') values.set(field.name, { ...(values.get(field.name) as JsonObject), ...entry(bytes) });
    else values.set(field.name, read(bytes, field.as));
  }
  return Object.fromEntries(values);
}

function entry(content: Buffer): JsonObject {
  const { key, value } = read(content, new Map(texts({ 1: 'key', 2: 'value' })));
  return Object.fromEntries([[typeof key === 'string' ? key : '', value ?? '']]);
}

/** The length-delimited fields of a message; numbers are skipped. */
function* fieldsOf(content: Buffer): Generator<readonly [number, Buffer]> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; at < content.length && scale < 2 ** 63; scale *= 128) {
      const byte = content[at] ?? 0;
      at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw malformed();
  };
  while (at < content.length) {
    const tag = varint();
    const wireType = tag % 8;
    if (wireType === 2) {
      const length = varint();
      if (length > content.length - at) throw malformed();
      yield [Math.floor(tag / 8), content.subarray(at, at + length)];
      at += length;
    } else if (wireType === 0) varint();
    else if (wireType === 1) at += 8;
    else if (wireType === 5) at += 4;
    else throw malformed();
  }
}
