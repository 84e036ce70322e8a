/**
 * Reads what a module imports, from its syntax tree: statically, dynamically, as types, and by `require`.
 */
import { extname } from 'node:path';

import { parseAst } from 'vite';

export type ImportedModule = {
  readonly specifier: string;
  /** True if only types come from it, so that nothing is loaded. */
  readonly typeOnly: boolean;
};

export type ModuleImports = {
  readonly imports: readonly ImportedModule[];
  /** There is a dynamic import or `require` whose argument is not a plain string. */
  readonly hasUnknown: boolean;
};

type Node = { readonly type: string; readonly [key: string]: unknown };

const languages: Readonly<Record<string, 'ts' | 'tsx' | 'js'>> = { '.ts': 'ts', '.tsx': 'tsx', '.mjs': 'js' };

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
}

function textOf(value: unknown): string | null {
  return isNode(value) && typeof value['value'] === 'string' ? value['value'] : null;
}

/** Whether all names of an import or export declaration are marked as types. */
function isTypeOnly(node: Node): boolean {
  if (node['importKind'] === 'type' || node['exportKind'] === 'type') return true;
  const names = node['specifiers'];
  if (!Array.isArray(names) || names.length === 0) return false;
  return names.every((name: Node) => name['importKind'] === 'type' || name['exportKind'] === 'type');
}

/** The imports of the module `text` named `path`. Throws if it cannot be parsed. */
export function readImports(path: string, text: string): ModuleImports {
  const imports: ImportedModule[] = [];
  let hasUnknown = false;

  const add = (source: unknown, typeOnly: boolean): void => {
    const specifier = textOf(source);
    if (specifier === null) hasUnknown = true;
    else imports.push({ specifier, typeOnly });
  };

  const visit = (node: Node): void => {
    switch (node.type) {
      case 'ImportDeclaration':
      case 'ExportAllDeclaration':
        add(node['source'], isTypeOnly(node));
        break;
      case 'ExportNamedDeclaration':
        if (isNode(node['source'])) add(node['source'], isTypeOnly(node));
        break;
      case 'ImportExpression':
        add(node['source'], false);
        break;
      case 'TSImportType':
        add(node['source'] ?? node['argument'], true);
        break;
      case 'CallExpression': {
        const { callee, arguments: args } = node as { callee?: Node; arguments?: unknown[] };
        if (callee?.type === 'Identifier' && callee['name'] === 'require') add(args?.[0], false);
        break;
      }
      default:
    }
    for (const value of Object.values(node)) {
      if (Array.isArray(value)) {
        for (const item of value) if (isNode(item)) visit(item);
      } else if (isNode(value)) {
        visit(value);
      }
    }
  };

  const lang = languages[extname(path)] ?? 'js';
  visit(parseAst(text.replace(/^#!.*/, ''), { lang }, path) as unknown as Node);
  return { imports, hasUnknown };
}
