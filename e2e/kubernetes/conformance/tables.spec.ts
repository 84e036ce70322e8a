/**
 * Tables: the columns and cells of `kubectl get`, the same on both servers.
 */
import { kinds, manifestOf, newName, type KindName } from './manifests.ts';
import { check, expect, onBoth, test, type Server } from './servers.ts';

const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';

type Column = { readonly name: string; readonly type: string; readonly format: string; readonly priority: number };
type Table = {
  readonly kind: string;
  readonly columnDefinitions: readonly Column[];
  readonly rows: readonly { readonly cells: readonly unknown[]; readonly object?: { readonly kind: string } }[];
};

async function tableOf({ as: { admin } }: Server, kind: KindName, name: string, query = ''): Promise<Table> {
  const { path, status } = kinds[kind];
  await admin.call('POST', path, manifestOf(kind, name));
  if (status !== undefined) await admin.call('PATCH', `${path}/${name}/status`, { status });
  const { body } = await admin.call('GET', `${path}?fieldSelector=metadata.name%3D${name}${query}`, undefined, {
    accept,
  });
  return body as Table;
}

/** Ages differ by the second, and the type of built-in ages is a matter of taste. */
const comparable = ({ columnDefinitions, rows, kind }: Table): unknown => ({
  kind,
  columns: columnDefinitions.map(({ name, format, priority }) => ({ name, format, priority })),
  cells: rows.map(({ cells }) => cells.map((cell, index) => (columnDefinitions[index]?.name === 'Age' ? 'age' : cell))),
});

for (const kind of Object.keys(kinds) as KindName[]) {
  test(`the table of a ${kind} is the same on both`, async ({ servers }) => {
    const name = newName();
    const { kubernetes, embedded } = await onBoth(servers, (on) => tableOf(on, kind, name));
    expect(kubernetes.rows).toHaveLength(1);
    expect(comparable(embedded)).toEqual(comparable(kubernetes));
    expect(embedded.rows[0]?.cells.at(-1)).toMatch(/^\d+s$/);
  });
}

test('cells of a status that nobody has written are the same on both', async ({ servers }) => {
  const name = newName();
  const { kubernetes, embedded } = await onBoth(servers, async (on) => {
    await on.as.admin.call('POST', kinds.Connector.path, manifestOf('Connector', name));
    const { body } = await on.as.admin.call('GET', `${kinds.Connector.path}/${name}`, undefined, { accept });
    return body as Table;
  });
  expect(kubernetes.rows[0]?.cells.slice(0, 4)).toEqual([name, 'sallyport', 'Unknown', null]);
  expect(comparable(embedded)).toEqual(comparable(kubernetes));
});

for (const [include, kind] of [
  ['None', undefined],
  ['Metadata', 'PartialObjectMetadata'],
  ['Object', 'Connector'],
] as const) {
  check(
    `rows come with ${include === 'None' ? 'nothing' : include.toLowerCase()} where that is asked for`,
    async (on) => {
      const { rows } = await tableOf(on, 'Connector', newName(), `&includeObject=${include}`);
      expect(rows[0]?.object?.kind).toBe(kind);
    },
  );
}
