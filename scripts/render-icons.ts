/**
 * Renders every icon in assets/ from its SVG sources with rsvg-convert (Debian: librsvg2-bin). Run it after changing a
 * source; the results are committed, so that a build needs no renderer.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const assets = join(import.meta.dirname, '..', 'assets');

/** Up to this many pixels the icon without margin and gradients is sharper. */
const largestSmall = 48;
const iconSizes = [16, 24, 32, 48, 64, 128, 256, 512, 1024];
const traySizes = [16, 22, 24, 32, 48];
const trayStates = { online: '#3ddc74', connecting: '#ffb63d', problem: '#ff6257', off: '#b9b3a9' };

async function render(source: string, size: number, stylesheet?: string): Promise<Buffer> {
  const style = stylesheet === undefined ? [] : ['--stylesheet', stylesheet];
  const args = ['--width', String(size), '--height', String(size), ...style, join(assets, source)];
  const { stdout } = await run('rsvg-convert', args, { encoding: 'buffer' });
  return stdout;
}

const renderIcon = (size: number): Promise<Buffer> =>
  render(size <= largestSmall ? 'icon-small.svg' : 'icon.svg', size);

type Image = { readonly size: number; readonly png: Buffer };

/** A Windows icon: a directory of 16-byte entries, then the PNGs. */
function ico(images: readonly Image[]): Buffer {
  const head = Buffer.alloc(6 + 16 * images.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(images.length, 4);
  let offset = head.length;
  for (const [i, { size, png }] of images.entries()) {
    const at = 6 + 16 * i;
    // 0 stands for 256.
    head.writeUInt8(size % 256, at);
    head.writeUInt8(size % 256, at + 1);
    head.writeUInt16LE(1, at + 4);
    head.writeUInt16LE(32, at + 6);
    head.writeUInt32LE(png.length, at + 8);
    head.writeUInt32LE(offset, at + 12);
    offset += png.length;
  }
  return Buffer.concat([head, ...images.map(({ png }) => png)]);
}

/** Types of an Apple icon that hold a PNG, by pixels: the plain size and the doubled one of half the size. */
const icnsTypes: readonly (readonly [type: string, size: number])[] = [
  ['icp4', 16],
  ['icp5', 32],
  ['ic11', 32],
  ['ic12', 64],
  ['ic07', 128],
  ['ic13', 256],
  ['ic08', 256],
  ['ic14', 512],
  ['ic09', 512],
  ['ic10', 1024],
];

/** An Apple icon: chunks of type, length and PNG behind a head of the same form. */
function icns(images: readonly Image[]): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const head = Buffer.alloc(8);
    head.write(type, 'latin1');
    head.writeUInt32BE(data.length + 8, 4);
    return Buffer.concat([head, data]);
  };
  const chunks = icnsTypes.flatMap(([type, size]) =>
    images.filter((image) => image.size === size).map(({ png }) => chunk(type, png)),
  );
  return chunk('icns', Buffer.concat(chunks));
}

async function renderIcons(): Promise<void> {
  await mkdir(join(assets, 'icons'), { recursive: true });
  const images = await Promise.all(iconSizes.map(async (size) => ({ size, png: await renderIcon(size) })));
  for (const { size, png } of images) await writeFile(join(assets, 'icons', `${size}x${size}.png`), png);
  await writeFile(join(assets, 'icon.ico'), ico(images.filter(({ size }) => size <= 256)));
  await writeFile(join(assets, 'icon.icns'), icns(images));
}

async function renderTray(): Promise<void> {
  const folder = join(assets, 'tray');
  await mkdir(folder, { recursive: true });
  // macOS tints images whose name ends in “Template”, and finds the doubled ones by their suffix.
  for (const [suffix, size] of [
    ['', 16],
    ['@2x', 32],
    ['@3x', 48],
  ] as const) {
    await writeFile(join(folder, `trayTemplate${suffix}.png`), await render('tray-template.svg', size));
  }
  const scratch = await mkdtemp(join(tmpdir(), 'sallyport-icons-'));
  try {
    for (const [state, colour] of Object.entries(trayStates)) {
      const stylesheet = join(scratch, `${state}.css`);
      await writeFile(stylesheet, `.state { fill: ${colour} }`);
      for (const size of traySizes) {
        await writeFile(join(folder, `${state}-${size}.png`), await render('tray.svg', size, stylesheet));
      }
    }
  } finally {
    await rm(scratch, { recursive: true });
  }
}

await renderIcons();
await renderTray();
