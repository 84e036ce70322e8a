/**
 * A plain table that scrolls sideways by itself when the window is narrow, reachable by keyboard.
 */
import type { ReactNode } from 'react';

import styles from './data-table.module.css';

export type DataTableProps = {
  readonly label: string;
  readonly columns: readonly string[];
  readonly children: ReactNode;
};

export function DataTable({ label, columns, children }: DataTableProps) {
  return (
    // A scrolling region must take focus, or it cannot be scrolled without a pointer.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <section className={styles.scroller} aria-label={`${label}, table`} tabIndex={0}>
      <table className={styles.table} aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}
