/**
 * Which text may become a link.
 */

/** True for absolute http and https addresses. */
export function isWebUrl(text: string): boolean {
  // SECURITY: a URL comes from the control plane; `javascript:` and other schemes must never become a link.
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);
}
