/**
 * Bad input: each mistake is refused with a 422 that names the field and says what is allowed, the same on both servers.
 */
import type { ApiAnswer } from '../api-client.ts';
import { mistakes, type Mistake } from './invalid-manifests.ts';
import { absent, kinds, manifestOf, newName, withValueAt, type Body, type Cause, type KindName } from './manifests.ts';
import { expect, onBoth, test, type Server } from './servers.ts';

/** A cause that Kubernetes adds about the whole object where a number or a list item is of another type. */
const aboutTheWhole: ReadonlySet<string> = new Set(['<nil>', 'status']);

function causesOf({ body }: ApiAnswer): readonly Cause[] {
  return (body as Body).details?.causes ?? [];
}

function fieldsOf(answer: ApiAnswer): readonly string[] {
  const fields = causesOf(answer).map(({ field = '' }) => field);
  return [...new Set(fields)].filter((field) => !aboutTheWhole.has(field)).toSorted();
}

async function makeMistake(on: Server, { kind, path, value }: Mistake): Promise<ApiAnswer> {
  const { path: collection, status } = kinds[kind];
  const { admin } = on.as;
  const manifest = manifestOf(kind, newName());
  if (!path.startsWith('status')) return admin.call('POST', collection, withValueAt(manifest, path, value));
  const { body } = await admin.call('POST', collection, manifest);
  const spoilt = withValueAt({ ...(body as Body), status }, path, value);
  return admin.call('PUT', `${collection}/${manifest.metadata.name}/status`, spoilt);
}

for (const kind of Object.keys(kinds) as KindName[]) {
  test(`a ${kind} without a mistake is taken whole by both`, async ({ servers }) => {
    const { path, status } = kinds[kind];
    const manifest = manifestOf(kind, newName());
    await onBoth(servers, async ({ as: { admin } }) => {
      const created = await admin.call('POST', `${path}?fieldValidation=Strict`, manifest);
      expect(created).toMatchObject({ status: 201, body: { spec: manifest.spec } });
      if (status === undefined) return;
      const reported = await admin.call('PATCH', `${path}/${manifest.metadata.name}/status`, { status });
      expect(reported).toMatchObject({ status: 200, body: { status } });
    });
  });
}

function shown(value: unknown): string {
  if (value === absent) return 'left out';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

for (const mistake of mistakes) {
  const { kind, path, value, allowed, field = path } = mistake;
  test(`${kind}: ${path} ${shown(value)}`, async ({ servers }) => {
    const { kubernetes, embedded } = await onBoth(servers, (on) => makeMistake(on, mistake));
    for (const answer of [kubernetes, embedded]) {
      expect(answer).toMatchObject({ status: 422, body: { kind: 'Status', reason: 'Invalid' } });
      const words = causesOf(answer).filter((cause) => cause.field === field);
      expect(words.map(({ message }) => message).join('\n')).toMatch(allowed);
    }
    expect(fieldsOf(embedded)).toEqual(fieldsOf(kubernetes));
  });
}
