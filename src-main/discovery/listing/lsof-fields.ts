/**
 * Reads what `lsof -F` prints: one field a line, its first character says which (lsof(8), “Output for other programs”).
 *
 * A process is a set that begins with `p`; each of its files begins with `f`.
 */

export type LsofFile = {
  readonly pid: number;
  /** Field `c`; null if it was not asked for. */
  readonly command: string | null;
  /** Field `t`, such as `IPv4`, `IPv6` or `DIR`; null if it was not asked for. */
  readonly type: string | null;
  /** Field `n`: an address, or a path. */
  readonly name: string;
};

const controlLetters: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', '\\': '\\' };

/** Undoes lsof's spelling of what it takes for unprintable: `\xc3\xa4`, `\t`. Gives UTF-8 as text. */
function unescape(value: string): string {
  const bytes = value.replace(/\\(?:x([\da-f]{2})|([bfnrt\\]))/g, (whole, hex?: string, letter?: string) =>
    hex === undefined ? (controlLetters[letter ?? ''] ?? whole) : String.fromCodePoint(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** The files in `text`, byte for byte as Latin-1; lines that are not understood are left out. */
export function parseLsofFields(text: string): readonly LsofFile[] {
  const files: LsofFile[] = [];
  let pid = 0;
  let command: string | null = null;
  let type: string | null = null;
  for (const line of text.split('\n')) {
    const value = line.slice(1);
    switch (line[0]) {
      case 'p':
        pid = Number.parseInt(value, 10);
        command = null;
        type = null;
        break;
      case 'c':
        command = unescape(value);
        break;
      case 'f':
        type = null;
        break;
      case 't':
        type = value;
        break;
      case 'n':
        if (pid > 0) files.push({ pid, command, type, name: unescape(value) });
        break;
      default:
        break;
    }
  }
  return files;
}

/** Where an Internet file listens: `*:3000`, `127.0.0.1:3000`, `[::1]:3000`; null for anything else. */
export function listeningAt({ type, name }: LsofFile): { readonly address: string; readonly port: number } | null {
  const [, bracketed, plain, portText = ''] = /^(?:\[([\da-f:.]+)(?:%\w+)?\]|([\d.]+|\*)):(\d+)$/i.exec(name) ?? [];
  const port = Number(portText);
  const address = bracketed ?? plain;
  if (address === undefined || port < 1) return null;
  return { address: address === '*' ? (type === 'IPv6' ? '::' : '0.0.0.0') : address, port };
}
