/**
 * The one address that the window may show. Pure.
 */

export const appScheme = 'app';
const appHost = 'agent';
export const appUrl = `${appScheme}://${appHost}/index.html`;

/** Whether `text` is an address of the app itself. */
export function isAppUrl(text: string): boolean {
  // SECURITY: parsed, not compared as text, so that `app://agent.example` or `app://agent@example` do not pass.
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return false;
  }
  return (
    url.protocol === `${appScheme}:` &&
    url.host === appHost &&
    url.username === '' &&
    url.password === '' &&
    url.port === ''
  );
}
