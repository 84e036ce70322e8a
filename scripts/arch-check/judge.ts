/**
 * Judges modules by the import table. Pure: paths and texts come in, violations go out.
 */
import { builtinModules } from 'node:module';
import { posix } from 'node:path';

import {
  bareElectronApp,
  dynamicLoaders,
  electronPart,
  emptyNames,
  importTable,
  maxLines,
  partsWithTestSupport,
  validatingModules,
  type Part,
} from './import-table.ts';
import { readImports, type ImportedModule } from './read-imports.ts';

/** `path` is relative to the repository, with slashes. */
export type SourceModule = { readonly path: string; readonly text: string };
export type Violation = { readonly path: string; readonly message: string };

const generated = new Set(['src-contract/resources/generated.ts']);
/** Beginnings of imports that stand for a folder, as package.json defines them. */
const aliases = Object.values(importTable).flatMap(({ folder }): [string, string][] =>
  folder.startsWith('src-') && !folder.includes('/') ? [[`#${folder.slice('src-'.length)}/`, `${folder}/`]] : [],
);

/** The part that the file at `path` belongs to; the innermost folder decides. */
function partOf(path: string): Part | null {
  const owners = (Object.keys(importTable) as Part[]).filter((part) => path.startsWith(`${importTable[part].folder}/`));
  return owners.toSorted((a, b) => importTable[b].folder.length - importTable[a].folder.length)[0] ?? null;
}

/** Tests, and what only tests use. They may put parts together that do not know each other. */
function isTest(path: string): boolean {
  const name = posix.basename(path);
  return /\.test\.tsx?$/.test(name) || name.startsWith('test-') || path.includes('/testing/');
}

/** Read by a tool, which runs in Node whatever the folder is for. */
function isToolConfig(path: string): boolean {
  return path.endsWith('.config.ts');
}

/** The file inside the repository that `specifier` names, or null if it names a package. */
function resolveInside(from: string, specifier: string): string | null {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(from), specifier);
  const alias = aliases.find(([prefix]) => specifier.startsWith(prefix));
  return alias === undefined ? null : alias[1] + specifier.slice(alias[0].length);
}

function packageOf(specifier: string): string {
  const [first = '', second] = specifier.split('/');
  return first.startsWith('@') && second !== undefined ? `${first}/${second}` : first;
}

function isBuiltin(specifier: string): boolean {
  return specifier.startsWith('node:') || builtinModules.includes(specifier);
}

function judgeInside(from: string, part: Part, target: string, imported: ImportedModule): string | null {
  const to = partOf(target);
  if (isTest(target) && !isTest(from) && !partsWithTestSupport.has(part))
    return `imports ${target}, which is for tests only.`;
  if (to === null || to === part) return null;
  const rule = importTable[part];
  if (isTest(from)) return to === electronPart ? `imports ${target}: nothing but the shell knows the shell.` : null;
  if (!rule.may.includes(to)) return `imports ${target}: ${rule.never?.[to] ?? rule.because}`;
  const isValidating = validatingModules.some((prefix) => target.startsWith(prefix));
  if (rule.environment === 'page' && isValidating && !imported.typeOnly) {
    return `loads ${target}: types only, its validator does not belong into the page.`;
  }
  return null;
}

function judgeOutside(from: string, part: Part, specifier: string, typeOnly: boolean): string | null {
  if (specifier === 'electron' || specifier.startsWith('electron/')) {
    return part === electronPart || from === bareElectronApp
      ? null
      : `imports electron: only ${importTable[electronPart].folder} may.`;
  }
  if (isTest(from) || isToolConfig(from)) return null;
  const { environment, packages } = importTable[part];
  if (isBuiltin(specifier)) {
    return environment === 'node' ? null : `imports ${specifier}: it also runs where there is no Node.`;
  }
  if (specifier.startsWith('#')) return `imports ${specifier}, which no alias of package.json explains.`;
  const isAllowed = packages === undefined || typeOnly || packages.includes(packageOf(specifier));
  return isAllowed ? null : `imports ${specifier}: it may use ${packages.join(', ') || 'no package'} only.`;
}

function judgeImports(module: SourceModule, part: Part): readonly string[] {
  const { imports, hasUnknown } = readImports(module.path, module.text);
  const messages = imports.flatMap((imported) => {
    const target = resolveInside(module.path, imported.specifier);
    const message =
      target === null
        ? judgeOutside(module.path, part, imported.specifier, imported.typeOnly)
        : judgeInside(module.path, part, target, imported);
    return message === null ? [] : [message];
  });
  return hasUnknown && !dynamicLoaders.has(module.path) && !isTest(module.path)
    ? [...messages, 'loads something whose name is not written out, so it cannot be checked.']
    : messages;
}

function judgeForm({ path, text }: SourceModule): readonly string[] {
  const messages: string[] = [];
  const lines = text.split('\n').length - 1;
  const mayBeLong = generated.has(path) || isTest(path);
  if (lines > maxLines && !mayBeLong) messages.push(`has ${lines} lines; more than ${maxLines} want splitting.`);
  if (!/^(#!.*\n)?\/\*\*/.test(text) && !isTest(path))
    messages.push('does not open with a /** */ that says its purpose.');
  const names = path.split('/').map((name) => name.replace(/\..*$/, ''));
  for (const name of names) {
    if (emptyNames.has(name)) messages.push(`is called “${name}”, which says nothing about what it is.`);
  }
  return messages;
}

/** Everything that is wrong with `modules`. */
export function judge(modules: readonly SourceModule[]): readonly Violation[] {
  return modules.flatMap((module) => {
    const part = partOf(module.path);
    const messages =
      part === null ? ['is in no part of the import table.'] : [...judgeImports(module, part), ...judgeForm(module)];
    return messages.map((message): Violation => ({ path: module.path, message }));
  });
}
