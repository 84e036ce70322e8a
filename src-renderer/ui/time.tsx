/**
 * A moment as “4 s ago”, the exact time on hover and for machines.
 */
import { formatAbsolute, formatAgo, formatUntil } from '../text/format.ts';
import { useNow } from '../state/use-now.ts';

/** `at` is RFC 3339. */
export function Ago({ at }: { readonly at: string }) {
  const nowMs = useNow();
  return (
    <time dateTime={at} title={formatAbsolute(at)}>
      {formatAgo(Date.parse(at), nowMs)}
    </time>
  );
}

/** Time left until `at`, RFC 3339: “in 4 s”. */
export function Until({ at }: { readonly at: string }) {
  const nowMs = useNow();
  return (
    <time dateTime={at} title={formatAbsolute(at)}>
      {formatUntil(Date.parse(at), nowMs)}
    </time>
  );
}
