/**
 * Writes the TypeScript types of our resources from `crds/`, the one source of truth for their shapes.
 *
 *   node scripts/generate-resource-types.ts            writes src-contract/resources/generated.ts
 *   node scripts/generate-resource-types.ts --check    exits 1 if that file is not what `crds/` gives
 */
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { compile } from 'json-schema-to-typescript';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '..');
const target = join(root, 'src-contract/resources/generated.ts');

type Schema = { [key: string]: unknown; properties?: Record<string, Schema>; items?: Schema; tsType?: string };

/** Replaces what Kubernetes itself defines (metadata, conditions) by our hand-written types of the same shape. */
function withSharedTypes(schema: Schema, path = ''): Schema {
  const copy: Schema = { ...schema };
  delete copy['default'];
  if (path === '.metadata') return { tsType: 'ObjectMeta' };
  if (path.endsWith('.conditions')) return { tsType: 'readonly Condition[]' };
  if (copy.properties !== undefined) {
    copy.properties = Object.fromEntries(
      Object.entries(copy.properties).map(([name, value]) => [name, withSharedTypes(value, `${path}.${name}`)]),
    );
  }
  // Item counts would become tuple types, which say nothing a reader wants to know.
  delete copy['minItems'];
  delete copy['maxItems'];
  if (copy.items !== undefined) copy.items = withSharedTypes(copy.items, `${path}[]`);
  return copy;
}

/** Gives the constants that every object of the version carries, so that kinds can be told apart by type. */
function withIdentity(schema: Schema, apiVersion: string, kind: string): Schema {
  return {
    ...schema,
    title: kind,
    required: ['apiVersion', 'kind', 'metadata', 'spec'],
    properties: { ...schema.properties, apiVersion: { const: apiVersion }, kind: { const: kind } },
  };
}

const parts = [
  '/**',
  ' * Types of the resources in `crds/`, made by `npm run generate`. Not to be edited.',
  ' */',
  "import type { Condition, ObjectMeta } from './object-meta.ts';",
  '',
];
for (const file of (await readdir(join(root, 'crds'))).toSorted()) {
  const crd = parse(await readFile(join(root, 'crds', file), 'utf8'));
  const { group, names, versions } = crd.spec;
  for (const version of versions) {
    const schema = withIdentity(
      withSharedTypes(version.schema.openAPIV3Schema),
      `${group}/${version.name}`,
      names.kind,
    );
    parts.push(
      await compile(schema, names.kind, {
        additionalProperties: false,
        bannerComment: '',
        format: true,
        style: { singleQuote: true, printWidth: 120 },
      }),
    );
  }
}
const text = parts.join('\n');

if (process.argv.includes('--check')) {
  const current = await readFile(target, 'utf8').catch(() => '');
  if (current !== text) {
    console.error('src-contract/resources/generated.ts does not match crds/. Run: npm run generate');
    process.exit(1);
  }
} else {
  await writeFile(target, text);
}
