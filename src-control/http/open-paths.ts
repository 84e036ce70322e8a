/**
 * The paths that anyone may ask for, without a token: health and version.
 */
import { versionInfo } from '../api/discovery.ts';
import { ok, type Answer } from './exchange.ts';

const healthPaths: ReadonlySet<string> = new Set(['/livez', '/readyz', '/healthz']);

/** Answers open paths, undefined for all others. The server listens only once it is ready, so it always is. */
export function openPaths(path: string): Answer | undefined {
  if (healthPaths.has(path)) return ok('ok');
  return path === '/version' ? ok(versionInfo()) : undefined;
}
