/**
 * The licences of what went into the bundles, as one text that is shipped with them.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Licences that go together with ours. Anything else stops the build until somebody has looked at it. */
const accepted: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  // Public domain.
  'Unlicense',
  // Fonts.
  'OFL-1.1',
]);

type Manifest = { readonly name: string; readonly version: string; readonly license?: string };

/** The folder of the package that the module at `path` belongs to, or null if it is ours. */
function packageFolder(path: string): string | null {
  const found = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path.replaceAll('\\', '/').replace(/^\0/, ''));
  return found?.[1] ?? null;
}

async function licenceTexts(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder)).filter((name) => /^(licen[cs]e|copying|notice)/i.test(name));
  return Promise.all(names.toSorted((a, b) => a.localeCompare(b)).map((name) => readFile(join(folder, name), 'utf8')));
}

/** The text for the packages that `modules` (paths of files) come from; throws if a licence is not accepted. */
export async function collectLicences(modules: readonly string[]): Promise<string> {
  const folders = [...new Set(modules.flatMap((path) => packageFolder(path) ?? []))];
  const packages = await Promise.all(
    folders.map(async (folder) => ({
      manifest: JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest,
      texts: await licenceTexts(folder),
    })),
  );
  const refused = packages.filter(({ manifest }) => !accepted.has(manifest.license ?? ''));
  if (refused.length > 0) {
    const names = refused.map(({ manifest }) => `${manifest.name} (${manifest.license ?? 'none'})`);
    throw new Error(`These licences are not among the accepted ones: ${names.join(', ')}.`);
  }
  const sections = packages
    .toSorted((a, b) => a.manifest.name.localeCompare(b.manifest.name))
    .map(({ manifest: { name, version, license }, texts }) =>
      [`${name} ${version} (${license})`, ...texts].join('\n\n'),
    );
  // The same version may lie in two folders.
  const different = [...new Set(sections)];
  return `${['Sallyport contains the following packages.', ...different].join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}
