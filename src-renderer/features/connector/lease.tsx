/**
 * The lease: how long ago this machine last proved to be alive, of how long it may be silent.
 */
import type { ConnectorState } from '#contract/agent-state.ts';

import { useNow } from '../../state/use-now.ts';
import { formatAbsolute, formatAgo } from '../../text/format.ts';
import { Fact } from '../../ui/facts.tsx';
import styles from './connector-page.module.css';
import { leaseAge } from './lease-age.ts';

export function LeaseFact({ lease }: { readonly lease: ConnectorState['lease'] }) {
  const nowMs = useNow();
  if (lease === null) return <Fact name="Lease">Not assigned yet</Fact>;
  if (lease.renewedAt === null) return <Fact name="Lease">{lease.name}, never renewed</Fact>;
  const { ageSeconds, left, expired } = leaseAge(lease.renewedAt, lease.durationSeconds, nowMs);
  return (
    <Fact name="Lease">
      <span className={styles.lease}>
        <time dateTime={lease.renewedAt} title={formatAbsolute(lease.renewedAt)}>
          {expired
            ? `Expired, last renewed ${formatAgo(Date.parse(lease.renewedAt), nowMs)}`
            : `renewed ${ageSeconds}\u00a0s ago of ${lease.durationSeconds}\u00a0s`}
        </time>
        <span className={styles.meter} data-late={expired || undefined} aria-hidden="true">
          <div style={{ width: `${left * 100}%` }} />
        </span>
      </span>
    </Fact>
  );
}
