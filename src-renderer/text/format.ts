/**
 * Numbers and times as people read them. Pure; the present time is a parameter.
 */

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** Three significant figures with a decimal unit: `0 B`, `980 B`, `1.2 kB`, `84.3 MB`. */
export function formatBytes(bytes: number): string {
  let value = Math.max(0, bytes);
  let unit = 0;
  while (value >= 999.5 && unit < byteUnits.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${byteUnits[unit] ?? 'B'}`;
}

/** A short duration: `0.4 ms`, `12 ms`, `1.4 s`, `12 s`, `3 min`. */
export function formatDuration(ms: number): string {
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9.95 * second) return `${(ms / second).toFixed(1)} s`;
  if (ms < 2 * minute) return `${Math.round(ms / second)} s`;
  if (ms < 2 * hour) return `${Math.round(ms / minute)} min`;
  return `${Math.round(ms / hour)} h`;
}

/** How long before `nowMs` something was: `just now`, `4 s ago`, `12 min ago`, `3 h ago`, `5 days ago`. */
export function formatAgo(atMs: number, nowMs: number): string {
  const age = nowMs - atMs;
  if (age < second) return 'just now';
  if (age < minute) return `${Math.floor(age / second)} s ago`;
  if (age < hour) return `${Math.floor(age / minute)} min ago`;
  if (age < day) return `${Math.floor(age / hour)} h ago`;
  const days = Math.floor(age / day);
  return days === 1 ? '1 day ago' : `${days} days ago`;
}

/** How long from `nowMs` until something: `now`, `in 4 s`. */
export function formatUntil(atMs: number, nowMs: number): string {
  const left = atMs - nowMs;
  if (left < second) return 'now';
  return left < minute ? `in ${Math.floor(left / second)} s` : `in ${formatDuration(left)}`;
}

const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** Date and time in the person's own locale and zone; the text itself if it is not a time. */
export function formatAbsolute(rfc3339: string): string {
  const at = Date.parse(rfc3339);
  return Number.isNaN(at) ? rfc3339 : absolute.format(at);
}

/** `1 service`, `2 services`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function list(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`;
}

/** Hexadecimal digits in groups of four, as keys are compared by eye. */
export function groupHex(hex: string): string {
  return hex.replace(/(.{4})(?=.)/g, '$1 ');
}
