/**
 * Home: is everything well, how much flows, and what is exposed.
 */
import { useRef, useState } from 'react';

import type { AgentState } from '#contract/agent-state.ts';

import { useAgentView } from '../../state/agent-context.ts';
import { headline } from '../../state/summary.ts';
import { ProblemNote } from '../../ui/problem-note.tsx';
import { useKeptFocus } from '../../ui/use-kept-focus.ts';
import { ExposeDialog } from '../expose/expose-dialog.tsx';
import { EmptyServices } from '../services/empty-services.tsx';
import { ServiceList } from '../services/service-list.tsx';
import styles from './home-page.module.css';
import { RetryNow } from './retry-now.tsx';
import { TrafficPanel } from './traffic-panel.tsx';
import { Warnings } from './warnings.tsx';

export function HomePage({ state }: { readonly state: AgentState }) {
  const link = useAgentView((view) => view.link);
  const [exposing, setExposing] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  const { title, detail, tone, problem, retry } = headline(link, state);
  const explained = new Set([problem, ...state.warnings].flatMap((each) => (each === null ? [] : [each.code])));
  const stale = link.phase === 'lost';
  const empty = state.services.length === 0;
  // The list takes the focus with it when its last service goes.
  useKeptFocus(empty ? 'empty' : 'list');
  const expose = (): void => setExposing(true);

  return (
    <div className={styles.page}>
      <div className={styles.sentence} data-tone={tone}>
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        <p>{detail}</p>
        {retry !== null && <RetryNow at={retry.at} />}
      </div>
      {problem !== null && <ProblemNote problem={problem} severity={tone === 'warn' ? 'warning' : 'error'} />}
      <Warnings label="Warnings" warnings={state.warnings.filter(({ severity }) => severity !== 'info')} />
      {empty ? (
        <EmptyServices onExpose={expose} />
      ) : (
        <>
          {!stale && <TrafficPanel />}
          <ServiceList services={state.services} explained={explained} stale={stale} onExpose={expose} />
        </>
      )}
      {/* What is only good to know stands behind what the page is for. */}
      <Warnings label="Notes" warnings={state.warnings.filter(({ severity }) => severity === 'info')} />
      <ExposeDialog
        open={exposing}
        onOpenChange={setExposing}
        services={state.services}
        controlPlane={state.controlPlane}
        returnFocus={heading}
      />
    </div>
  );
}
