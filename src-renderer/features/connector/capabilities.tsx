/**
 * What this connector offers to do, and whether it is switched on.
 */
import type { ConnectorState } from '#contract/agent-state.ts';

import { Card } from '../../ui/card.tsx';
import { Status } from '../../ui/status.tsx';
import styles from './connector-page.module.css';

export function Capabilities({ capabilities }: { readonly capabilities: ConnectorState['capabilities'] }) {
  return (
    <Card title="Capabilities">
      {capabilities.length === 0 ? (
        <p className={styles.muted}>None.</p>
      ) : (
        <ul className={styles.list}>
          {capabilities.map(({ type, enabled }) => (
            <li key={type}>
              {type}
              <Status tone={enabled ? 'ok' : 'off'} word={enabled ? 'On' : 'Off'} />
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
