/**
 * Header fields on their way through an intermediary: which ones end here (RFC 9110 §7.6.1), and how lists of
 * HTTP/1.1 lines become HTTP/2 fields and back without losing duplicates. Knows no sockets.
 */
import type { OutgoingHttpHeaders } from 'node:http';

/** Connection-specific fields, which HTTP/2 forbids (RFC 9113 §8.2.2), and those meant for the next hop only. */
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/** Fields `node:http2` takes once only; of a list-valued one the lines are joined, of the others the first is kept. */
const listValuedOnce: ReadonlySet<string> = new Set([
  'access-control-request-method',
  'content-encoding',
  'content-language',
  'if-match',
  'if-none-match',
]);
const once: ReadonlySet<string> = new Set([
  'access-control-allow-credentials',
  'access-control-max-age',
  'age',
  'authorization',
  'content-length',
  'content-location',
  'content-md5',
  'content-range',
  'content-type',
  'date',
  'dnt',
  'etag',
  'expires',
  'from',
  'if-modified-since',
  'if-range',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'range',
  'referer',
  'retry-after',
  'tk',
  'upgrade-insecure-requests',
  'user-agent',
  'x-content-type-options',
]);

/** Calls `visit` with each field that travels on, name in lower case; names the message itself nominates stay here. */
function eachEndToEnd(raw: readonly string[], visit: (name: string, value: string) => void): void {
  let nominated: Set<string> | null = null;
  for (let index = 0; index < raw.length; index += 2) {
    if (raw[index]?.toLowerCase() !== 'connection') continue;
    nominated ??= new Set();
    for (const name of (raw[index + 1] ?? '').split(',')) nominated.add(name.trim().toLowerCase());
  }
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    const value = raw[index + 1] ?? '';
    if (name === '' || name.startsWith(':') || hopByHop.has(name)) continue;
    if (name === 'te') {
      // RFC 9113 §8.2.2: `trailers` is the one value that may travel.
      if (/(?:^|,)\s*trailers\s*(?:$|[,;])/i.test(value)) visit('te', 'trailers');
      continue;
    }
    if (nominated?.has(name) === true) continue;
    visit(name, value);
  }
}

/** The fields of an HTTP/1.1 message as HTTP/2 takes them. `raw` alternates names and values. */
export function toHttp2Fields(raw: readonly string[], isDropped?: (name: string) => boolean): OutgoingHttpHeaders {
  const fields: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>;
  eachEndToEnd(raw, (name, value) => {
    if (isDropped?.(name) === true) return;
    const earlier = fields[name];
    if (earlier === undefined) fields[name] = value;
    else if (name === 'cookie') fields[name] = `${String(earlier)}; ${value}`;
    else if (listValuedOnce.has(name)) fields[name] = `${String(earlier)}, ${value}`;
    else if (once.has(name)) return;
    else if (Array.isArray(earlier)) earlier.push(value);
    else fields[name] = [earlier, value];
  });
  return fields;
}

/** The fields of an HTTP/2 message as HTTP/1.1 lines, names and values alternating. Cookie crumbs are put together. */
export function toHttp1Lines(raw: readonly string[], isDropped?: (name: string) => boolean): string[] {
  const lines: string[] = [];
  let cookieAt = -1;
  eachEndToEnd(raw, (name, value) => {
    if (isDropped?.(name) === true) return;
    if (name === 'cookie') {
      // RFC 9113 §8.2.3
      if (cookieAt >= 0) {
        lines[cookieAt] = `${lines[cookieAt] ?? ''}; ${value}`;
        return;
      }
      cookieAt = lines.length + 1;
    }
    lines.push(name, value);
  });
  return lines;
}

/** Framing and routing do not belong into trailers (RFC 9110 §6.5.1). */
const isNoTrailer = (name: string): boolean =>
  name === 'content-length' || name === 'host' || name === 'te' || name === 'trailer';

/** Trailer fields as HTTP/1.1 pairs. */
export function trailerPairs(raw: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  eachEndToEnd(raw, (name, value) => {
    if (!isNoTrailer(name)) pairs.push([name, value]);
  });
  return pairs;
}

/** Trailer fields as HTTP/2 takes them. */
export function trailerFields(raw: readonly string[]): OutgoingHttpHeaders {
  return toHttp2Fields(raw, isNoTrailer);
}
