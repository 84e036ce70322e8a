/**
 * Throughput of the last minute: three figures, a line, and the same as a table.
 */
import { useId, useState } from 'react';

import type { TrafficSample } from '#contract/agent-state.ts';

import { useAgentView } from '../../state/agent-context.ts';
import { ratesOf, trafficWindow, type Rates } from '../../state/projection.ts';
import { formatBytes } from '../../text/format.ts';
import { Button } from '../../ui/button.tsx';
import { DataTable } from '../../ui/data-table.tsx';
import { sparkline, type Sparkline } from './sparkline-path.ts';
import styles from './traffic-panel.module.css';

const rate = (bytesPerSecond: number): string => `${formatBytes(bytesPerSecond)}/s`;

const formatRequests = (perSecond: number): string =>
  perSecond > 0 && perSecond < 9.95 ? perSecond.toFixed(1) : String(Math.round(perSecond));

export function TrafficPanel() {
  const samples = useAgentView((view) => view.traffic);
  const [asTable, setAsTable] = useState(false);
  const headingId = useId();
  const tableId = useId();
  const line = sparkline(samples);
  const last = samples.at(-1);
  const now: Rates = last === undefined ? { bytesIn: 0, bytesOut: 0, requests: 0 } : ratesOf(last);

  return (
    <section className={styles.panel} aria-labelledby={headingId}>
      <h2 id={headingId}>Traffic</h2>
      <dl className={styles.figures}>
        <div>
          <dt>
            <span className={styles.keyOut} aria-hidden="true" />
            To visitors
          </dt>
          <dd>{rate(now.bytesOut)}</dd>
        </div>
        <div>
          <dt>
            <span className={styles.keyIn} aria-hidden="true" />
            To services
          </dt>
          <dd>{rate(now.bytesIn)}</dd>
        </div>
        <div>
          <dt>Requests</dt>
          <dd>{formatRequests(now.requests)}/s</dd>
        </div>
      </dl>
      <div className={styles.side}>
        <Peak peak={line.peak} />
        <Button tone="quiet" aria-expanded={asTable} aria-controls={tableId} onClick={() => setAsTable(!asTable)}>
          {asTable ? 'Hide table' : 'Show as table'}
        </Button>
      </div>
      <Line line={line} now={now} />
      <div id={tableId} className={styles.table} hidden={!asTable}>
        {asTable && <TrafficTable samples={samples} />}
      </div>
    </section>
  );
}

function Peak({ peak }: { readonly peak: number }) {
  return <span className={styles.peak}>{peak === 0 ? 'No traffic in the last minute' : `Peak ${rate(peak)}`}</span>;
}

function Line({ line, now }: { readonly line: Sparkline; readonly now: Rates }) {
  const text = `Throughput of the last minute: now ${rate(now.bytesOut)} to visitors and ${rate(now.bytesIn)} to services, peak ${rate(line.peak)}`;
  return (
    <svg
      role="img"
      aria-label={text}
      className={styles.chart}
      viewBox={`0 -0.06 ${trafficWindow} 1.12`}
      preserveAspectRatio="none"
    >
      <line className={styles.floor} x1="0" y1="1" x2={trafficWindow} y2="1" />
      {line.peak > 0 && (
        <>
          <path className={styles.area} d={line.outArea} />
          <path className={styles.in} d={line.in} />
          <path className={styles.out} d={line.out} />
        </>
      )}
    </svg>
  );
}

/** Rows of this many samples, newest first. */
const rowSize = 10;

function TrafficTable({ samples }: { readonly samples: readonly TrafficSample[] }) {
  const newestFirst = samples.toReversed();
  const rows = Array.from({ length: Math.ceil(newestFirst.length / rowSize) }, (_, i) => {
    const part = newestFirst.slice(i * rowSize, (i + 1) * rowSize);
    const sum = (value: (sample: TrafficSample) => number): number => part.reduce((all, one) => all + value(one), 0);
    return {
      label: i === 0 ? `last ${rowSize} s` : `${i * rowSize}–${(i + 1) * rowSize} s ago`,
      out: sum((sample) => sample.bytesOut),
      in: sum((sample) => sample.bytesIn),
      requests: sum((sample) => sample.requests),
    };
  });
  return (
    <DataTable label="Traffic of the last minute" columns={['Time', 'To visitors', 'To services', 'Requests']}>
      {rows.map((row) => (
        <tr key={row.label}>
          <th scope="row">{row.label}</th>
          <td>{formatBytes(row.out)}</td>
          <td>{formatBytes(row.in)}</td>
          <td>{row.requests}</td>
        </tr>
      ))}
    </DataTable>
  );
}
