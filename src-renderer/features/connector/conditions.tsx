/**
 * What the operator says about the connector.
 */
import type { Condition } from '#contract/resources/object-meta.ts';

import { Card } from '../../ui/card.tsx';
import { DataTable } from '../../ui/data-table.tsx';
import { Status, type StatusTone } from '../../ui/status.tsx';
import { Ago } from '../../ui/time.tsx';
import styles from './connector-page.module.css';

const tones: Readonly<Record<Condition['status'], StatusTone>> = { True: 'ok', False: 'error', Unknown: 'warn' };

export function Conditions({ conditions }: { readonly conditions: readonly Condition[] }) {
  return (
    <Card title="Conditions" flush>
      {conditions.length === 0 ? (
        <p className={styles.empty}>The operator has not said anything yet.</p>
      ) : (
        <DataTable label="Conditions" columns={['Type', 'Status', 'Reason', 'Message', 'Since']}>
          {conditions.map((condition) => (
            <tr key={condition.type}>
              <th scope="row">{condition.type}</th>
              <td>
                <Status tone={tones[condition.status]} word={condition.status} />
              </td>
              <td>{condition.reason}</td>
              <td className={styles.message}>{condition.message}</td>
              <td className={styles.since}>
                <Ago at={condition.lastTransitionTime} />
              </td>
            </tr>
          ))}
        </DataTable>
      )}
    </Card>
  );
}
