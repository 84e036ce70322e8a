/**
 * Reads what Windows's `netstat -ano` and `tasklist /FO CSV /NH` print, in any language of Windows.
 */

export type NetstatListener = { readonly address: string; readonly port: number; readonly pid: number };

/**
 * The TCP sockets in `text` that listen. Heads and states are translated (LISTENING, ABHÖREN …); that the other end has
 * port 0 is not.
 */
export function parseNetstat(text: string): readonly NetstatListener[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const columns = line.trim().split(/\s+/);
    const [protocol, local = '', remote = ''] = columns;
    const [, bracketed, plain, portText = ''] = /^(?:\[([\da-f:.]+)(?:%\d+)?\]|([\d.]+)):(\d+)$/i.exec(local) ?? [];
    const address = bracketed ?? plain;
    const port = Number(portText);
    const pid = Number(columns.at(-1));
    const isListening = protocol === 'TCP' && /^(?:0\.0\.0\.0|\[::\]):0$/.test(remote);
    return isListening && address !== undefined && port > 0 && Number.isInteger(pid) ? [{ address, port, pid }] : [];
  });
}

/** Program names by process id, without `.exe`. The first two columns are the same in every language. */
export function parseTasklist(text: string): ReadonlyMap<number, string> {
  return new Map(
    text.split(/\r?\n/).flatMap((line): readonly (readonly [number, string])[] => {
      const [, name, pid] = /^"([^"]+)","(\d+)",/.exec(line) ?? [];
      return name === undefined ? [] : [[Number(pid), name.replace(/\.exe$/i, '')]];
    }),
  );
}
