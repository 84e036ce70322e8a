/**
 * Names of services: what is allowed, and a good first proposal. The agent has the last word.
 */
import { isLoopback, type Target } from './target.ts';

const maxNameLength = 40;
const allowed = /^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/;

/** Why `name` cannot be used, as a sentence; null if it can. */
export function nameProblem(name: string, taken: ReadonlySet<string>): string | null {
  if (name === '') return 'A name is needed: it becomes part of the address.';
  if (name.length > maxNameLength) return `At most ${maxNameLength} characters.`;
  if (/[A-Z]/.test(name)) return 'Lower-case letters only.';
  if (!/^[a-z]/.test(name)) return 'Start with a letter.';
  if (/[^a-z0-9-]/.test(name)) return 'Letters, digits and hyphens only.';
  if (name.endsWith('-')) return 'End with a letter or a digit.';
  if (!allowed.test(name)) return 'Letters, digits and hyphens only.';
  if (taken.has(name)) return `“${name}” is already in use on this machine.`;
  return null;
}

function isAddress(host: string): boolean {
  return host.includes(':') || /^[\d.]+$/.test(host);
}

/** A free, valid name for `target`: `app-3000` on this machine, the first label of a named host, `host-…` otherwise. */
export function proposeName(target: Target, taken: ReadonlySet<string>): string {
  const { host, port } = target;
  const first = host.split('.')[0] ?? host;
  const words = isLoopback(host) ? `app-${port}` : isAddress(host) ? `host-${port}` : first;
  const clean = words
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, maxNameLength - 4)
    .replace(/-+$/, '');
  const base = clean === '' ? `app-${port}` : clean;
  let name = base;
  for (let count = 2; taken.has(name); count += 1) name = `${base}-${count}`;
  return name;
}
