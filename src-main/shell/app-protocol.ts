/**
 * Answers `app://agent/…` with the window's files and the headers that confine them.
 */
import { readStaticFile } from '../web/static-files.ts';
import { securityHeaders } from '../web/security-headers.ts';
import { appScheme, isAppUrl } from './app-url.ts';

/** What the scheme may do: as a secure web origin, with compiled code kept between starts. */
export const appSchemePrivileges = {
  scheme: appScheme,
  privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true },
} as const;

function refuse(status: number): Response {
  return new Response(null, { status, headers: securityHeaders });
}

/** The handler for the scheme; serves nothing outside of `directory`. */
export function createAppProtocol(directory: string): (request: Request) => Promise<Response> {
  return async ({ method, url }) => {
    if (!isAppUrl(url)) return refuse(400);
    if (method !== 'GET' && method !== 'HEAD') return refuse(405);
    const file = await readStaticFile(directory, new URL(url).pathname);
    if (file === null) return refuse(404);
    return new Response(method === 'HEAD' ? null : new Uint8Array(file.content), {
      // SECURITY: every answer carries the content security policy.
      headers: { ...securityHeaders, 'Content-Type': file.type, 'Cache-Control': 'no-cache' },
    });
  };
}
