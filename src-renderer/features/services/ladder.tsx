/**
 * The steps from declared to answered, in order, with the time each took from the start.
 */
import { Check, Circle, LoaderCircle, X } from 'lucide-react';

import type { ServiceStep, ServiceStepId } from '#contract/agent-state.ts';

import { formatDuration } from '../../text/format.ts';
import { classNames } from '../../ui/class-names.ts';
import { VisuallyHidden } from '../../ui/visually-hidden.tsx';
import styles from './ladder.module.css';

const names: Readonly<Record<ServiceStepId, string>> = {
  declared: 'Declared',
  tunnel: 'Tunnel',
  hostname: 'Hostname',
  route: 'Route',
  answer: 'Answer',
};

const icons = { done: Check, active: LoaderCircle, pending: Circle, failed: X };
const words = { done: 'done', active: 'in progress', pending: 'not yet', failed: 'failed' };

export function Ladder({ name, steps }: { readonly name: string; readonly steps: readonly ServiceStep[] }) {
  return (
    <ol className={styles.ladder} aria-label={`Publishing ${name}`}>
      {steps.map((step) => {
        const Icon = icons[step.phase];
        return (
          <li
            key={step.id}
            className={classNames(styles.step, styles[step.phase])}
            aria-current={step.phase === 'active' ? 'step' : undefined}
          >
            <Icon size={14} strokeWidth={2.25} aria-hidden="true" />
            <span className={styles.name}>{names[step.id]}</span>
            <VisuallyHidden>{words[step.phase]}</VisuallyHidden>
            {step.doneAfterMs !== null && <span className={styles.time}>{formatDuration(step.doneAfterMs)}</span>}
          </li>
        );
      })}
    </ol>
  );
}
