/**
 * Writes docs/security-lines.md: every line of the sources whose removal would weaken the product, with what it says.
 *
 *   node scripts/generate-security-lines.ts            writes it
 *   node scripts/generate-security-lines.ts --check    exits 1 if it is not what the sources give: such a line came or went
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const target = join(root, 'docs/security-lines.md');

/** A comment that starts with `SECURITY:`, up to its end: the rest of a block, or of adjoining line comments. */
const remark = /SECURITY:((?:[^\n]*\n\s*(?:\/\/|\*(?!\/)))*[^\n]*)/g;

function textOf(comment: string): string {
  return comment
    .replaceAll(/\n\s*(?:\/\/|\*)/g, ' ')
    .replace(/\*\/.*$/s, '')
    .replace(/ oxlint-disable.*$/s, '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll('|', '\\|')
    .trim();
}

/** Source files below `folder`, as paths from the root with forward slashes. */
async function sourcesBelow(folder: string): Promise<string[]> {
  const names = await readdir(join(root, folder), { recursive: true });
  return names
    .filter((name) => /\.tsx?$/.test(name) && !name.includes('.test.'))
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`);
}

const folders = (await readdir(root)).filter((name) => name.startsWith('src-') || name === 'scripts');
const files = (await Promise.all(folders.map(sourcesBelow))).flat().toSorted();
const rows: string[] = [];
for (const file of files) {
  if (file.endsWith('generate-security-lines.ts')) continue;
  const source = await readFile(join(root, file), 'utf8');
  for (const [, text = ''] of source.matchAll(remark)) rows.push(`| ${file} | ${textOf(text)} |`);
}
const page = `${[
  '# Lines that must stay',
  '',
  'Made from the sources by `npm run generate`: each is marked `SECURITY:` there, and `npm run check` fails when one comes',
  'or goes without this page. What they add up to is in `security.md`.',
  '',
  '| where | why |',
  '| --- | --- |',
  ...rows,
].join('\n')}\n`;

if (process.argv.includes('--check')) {
  const current = await readFile(target, 'utf8').catch(() => '');
  if (current !== page) {
    console.error(
      'docs/security-lines.md does not match the sources. Look at what changed, then run: npm run generate',
    );
    process.exit(1);
  }
} else {
  await writeFile(target, page);
}
