/**
 * The resource types that are served, found by the coordinates that paths and objects carry.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

import { isObject, text, type JsonObject } from '../json.ts';
import { definitionType, leaseType, namespaceType } from './built-in.ts';
import { resourceTypeOf, type ResourceType } from './resource-type.ts';

type GroupVersion = { readonly group: string; readonly version: string };

export type Catalog = {
  readonly types: readonly ResourceType[];
  /** The definitions the custom types were made from. */
  readonly definitions: readonly JsonObject[];
  /** Groups beside the core group, with their one version. */
  readonly groupVersions: readonly GroupVersion[];
  byPlural(group: string, version: string, plural: string): ResourceType | undefined;
  byKind(apiVersion: string, kind: string): ResourceType | undefined;
};

export function createCatalog(definitions: readonly JsonObject[]): Catalog {
  const custom = definitions.map((definition) => resourceTypeOf(definition));
  const types = [namespaceType, leaseType, definitionType, ...custom];
  const groupVersions = new Map<string, GroupVersion>();
  for (const { group, version } of types) {
    if (group !== '') groupVersions.set(`${group}/${version}`, { group, version });
  }
  return {
    types,
    definitions,
    groupVersions: [...groupVersions.values()],
    byPlural: (group, version, plural) =>
      types.find((type) => type.group === group && type.version === version && type.plural === plural),
    byKind: (apiVersion, kind) => types.find((type) => type.apiVersion === apiVersion && type.kind === kind),
  };
}

/** Reads the CustomResourceDefinitions of the YAML and JSON files in `directory`. */
export async function readDefinitions(directory: string): Promise<readonly JsonObject[]> {
  const files = (await readdir(directory)).filter((file) => /\.(?:ya?ml|json)$/.test(file)).toSorted();
  const definitions: JsonObject[] = [];
  for (const file of files) {
    for (const document of parseAllDocuments(await readFile(join(directory, file), 'utf8'))) {
      const value: unknown = document.toJS();
      if (isObject(value) && text(value, 'kind') === 'CustomResourceDefinition') definitions.push(value);
    }
  }
  if (definitions.length === 0) throw new Error(`there are no CustomResourceDefinitions in ${directory}`);
  return definitions;
}
