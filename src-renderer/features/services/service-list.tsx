/**
 * Everything that is exposed, and the question before one is deleted.
 */
import { useId, useRef, useState } from 'react';
import { Plus } from 'lucide-react';

import type { ServiceState } from '#contract/agent-state.ts';

import { Button } from '../../ui/button.tsx';
import { DeleteDialog } from './delete-dialog.tsx';
import styles from './service-list.module.css';
import { ServiceRow } from './service-row.tsx';

export type ServiceListProps = {
  readonly services: readonly ServiceState[];
  /** Codes of problems that are shown beside the list and explain failing services. */
  readonly explained: ReadonlySet<string>;
  /** True while the agent is lost. */
  readonly stale: boolean;
  readonly onExpose: () => void;
};

export function ServiceList({ services, explained, stale, onExpose }: ServiceListProps) {
  const headingId = useId();
  const heading = useRef<HTMLHeadingElement>(null);
  const [deleting, setDeleting] = useState<ServiceState | null>(null);
  return (
    <section aria-labelledby={headingId}>
      <header className={styles.header}>
        <h2 id={headingId} ref={heading} tabIndex={-1}>
          Services
        </h2>
        <Button tone="primary" disabled={stale} onClick={onExpose}>
          <Plus size={15} aria-hidden="true" />
          Expose a service
        </Button>
      </header>
      <ul className={styles.list}>
        {services.map((service) => (
          <li key={service.name} className={styles.item}>
            <ServiceRow
              service={service}
              explained={service.problem !== null && explained.has(service.problem.code)}
              stale={stale}
              onDelete={setDeleting}
            />
          </li>
        ))}
      </ul>
      <DeleteDialog service={deleting} onClose={() => setDeleting(null)} returnFocus={heading} />
    </section>
  );
}
