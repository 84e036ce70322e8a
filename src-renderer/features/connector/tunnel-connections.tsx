/**
 * The tunnel's connections to edges: where to, how and why so, how fast, since when, and what is wrong.
 */
import { Fragment } from 'react';

import type { TunnelConnection } from '#contract/agent-state.ts';

import { transportName, tunnelConnectionStatus } from '../../state/summary.ts';
import { formatDuration } from '../../text/format.ts';
import { Card } from '../../ui/card.tsx';
import { DataTable } from '../../ui/data-table.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import { Status } from '../../ui/status.tsx';
import { Ago, Until } from '../../ui/time.tsx';
import styles from './connector-page.module.css';

const columns = ['Edge', 'State', 'Transport', 'Round trip', 'Since'];

export type TunnelConnectionsProps = {
  readonly connections: readonly TunnelConnection[];
  /** False while the engine does not run, and so cannot say anything of edges. */
  readonly running: boolean;
};

export function TunnelConnections({ connections, running }: TunnelConnectionsProps) {
  const troubled = connections.filter((connection) => connection.problem !== null);
  return (
    <Card title="Tunnel connections" flush>
      {connections.length === 0 ? (
        <p className={styles.empty}>
          {running
            ? 'No edge is known yet; the control plane names them.'
            : 'None, since the tunnel engine does not run.'}
        </p>
      ) : (
        <DataTable label="Tunnel connections" columns={columns}>
          {connections.map((connection) => (
            <Row key={`${connection.edge} ${connection.address}`} connection={connection} />
          ))}
        </DataTable>
      )}
      {troubled.map(({ edge, address, problem }) => (
        <Fragment key={`${edge} ${address}`}>
          {problem !== null && (
            <div className={styles.note}>
              <ProblemNote problem={problem} />
            </div>
          )}
        </Fragment>
      ))}
    </Card>
  );
}

function Row({ connection }: { readonly connection: TunnelConnection }) {
  const status = tunnelConnectionStatus(connection.phase);
  return (
    <tr>
      <th scope="row">
        {connection.edge}
        <div className={styles.muted}>{connection.address}</div>
      </th>
      <td>
        <Status tone={status.tone} word={status.word} />
        {connection.retryAt !== null && (
          <div className={styles.muted}>
            next attempt <Until at={connection.retryAt} />
          </div>
        )}
      </td>
      <td className={styles.message}>
        {transportName(connection.transport)}
        <div className={styles.muted}>{connection.reason}</div>
      </td>
      <td className={styles.since}>{connection.rttMs === null ? 'not measured' : formatDuration(connection.rttMs)}</td>
      <td className={styles.since}>
        <Ago at={connection.since} />
      </td>
    </tr>
  );
}
