/**
 * A titled section of a page. The section is named by its heading.
 */
import { useId, type ReactNode } from 'react';

import styles from './card.module.css';
import { classNames } from './class-names.ts';

export type CardProps = {
  readonly title: string;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
  /** The content reaches the edge of the card: tables and lists. */
  readonly flush?: boolean;
};

export function Card({ title, aside, children, flush = false }: CardProps) {
  const id = useId();
  return (
    <section className={styles.card} aria-labelledby={id}>
      <header className={styles.header}>
        <h2 id={id}>{title}</h2>
        {aside}
      </header>
      <div className={classNames(!flush && styles.content)}>{children}</div>
    </section>
  );
}
