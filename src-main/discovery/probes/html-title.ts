/**
 * Finds the title in the beginning of an HTML page.
 */
import { shownText } from './identity.ts';

const named: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  ndash: '–',
  mdash: '—',
  middot: '·',
  bull: '•',
  hellip: '…',
  laquo: '«',
  raquo: '»',
  copy: '©',
};

/** Character references (HTML §13.5) that titles have; others stay as they are written. */
function decodeReferences(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]+));/gi,
    (whole, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return named[name.toLowerCase()] ?? whole;
      const point = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
      return point <= 0x10_ff_ff && (point < 0xd8_00 || point > 0xdf_ff) ? String.fromCodePoint(point) : '\uFFFD';
    },
  );
}

function decode(page: Uint8Array, charset: string): string {
  try {
    return new TextDecoder(charset).decode(page);
  } catch {
    // A name that is of no encoding.
    return new TextDecoder().decode(page);
  }
}

/** The first title of `page`, which may be cut off anywhere; null if there is none. `charset` as HTTP gave it. */
export function titleOf(page: Uint8Array, charset = 'utf-8'): string | null {
  const text = decode(page, charset);
  const start = /<title(?:\s[^>]*)?>/i.exec(text);
  if (start === null) return null;
  const rest = text.slice(start.index + start[0].length);
  const end = rest.search(/<\/title/i);
  return end < 0 ? null : shownText(decodeReferences(rest.slice(0, end)));
}
