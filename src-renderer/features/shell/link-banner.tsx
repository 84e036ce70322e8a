/**
 * Says that the window has lost its agent, and when it tries again.
 */
import { Unplug } from 'lucide-react';

import type { LinkStatus } from '../../agent-client/agent-link.ts';
import { formatAgo, formatUntil } from '../../text/format.ts';
import { useNow } from '../../state/use-now.ts';
import styles from './link-banner.module.css';

export function LinkBanner({ status }: { readonly status: LinkStatus & { readonly phase: 'lost' } }) {
  const nowMs = useNow();
  const next = status.retryAtMs === null ? 'Connecting…' : `Next attempt ${formatUntil(status.retryAtMs, nowMs)}.`;
  return (
    <section className={styles.banner} aria-label="Connection to the agent">
      <p role="alert">
        <Unplug size={15} aria-hidden="true" />
        Connection to the agent lost
      </p>
      <p className={styles.more}>
        {formatAgo(status.sinceMs, nowMs)}. {next}
      </p>
    </section>
  );
}
