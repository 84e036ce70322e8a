/**
 * Names and values, aligned.
 */
import type { ReactNode } from 'react';

import styles from './facts.module.css';

export function Facts({ children }: { readonly children: ReactNode }) {
  return <dl className={styles.facts}>{children}</dl>;
}

/** One row; `action` stands at its end, usually a copy button. */
export function Fact({
  name,
  children,
  action,
}: {
  readonly name: string;
  readonly children: ReactNode;
  readonly action?: ReactNode;
}) {
  return (
    <div className={styles.fact}>
      <dt>{name}</dt>
      <dd>
        <span className={styles.value}>{children}</span>
        {action}
      </dd>
    </div>
  );
}
