/**
 * Whether an object already is as somebody wants it, so that nothing is written for nothing.
 */

/**
 * True if `actual` already says everything that `desired` says. What a server adds does not count; lists must have the
 * same length and order.
 */
export function covers(actual: unknown, desired: unknown): boolean {
  if (Array.isArray(desired)) {
    return (
      Array.isArray(actual) &&
      actual.length === desired.length &&
      desired.every((item, index) => covers(actual[index], item))
    );
  }
  if (typeof desired === 'object' && desired !== null) {
    if (typeof actual !== 'object' || actual === null) return false;
    return Object.entries(desired).every(([name, value]) => covers((actual as Record<string, unknown>)[name], value));
  }
  return actual === desired;
}
