/**
 * The steps from declared to answered, in order, with the time each took.
 */
import { Check, Circle, LoaderCircle, X } from 'lucide-react';

import type { ServiceStep } from '#contract/agent-state.ts';

import { formatDuration } from '../../text/format.ts';
import { classNames } from '../../ui/class-names.ts';
import { VisuallyHidden } from '../../ui/visually-hidden.tsx';
import styles from './ladder.module.css';
import { stepDurations, stepNames, stepPhaseWords } from './steps.ts';

const icons = { done: Check, active: LoaderCircle, pending: Circle, failed: X };

export type LadderProps = {
  readonly name: string;
  readonly steps: readonly ServiceStep[];
  /** One step a line, with what it means. */
  readonly explained?: Readonly<Record<ServiceStep['id'], string>>;
};

export function Ladder({ name, steps, explained }: LadderProps) {
  const durations = stepDurations(steps);
  return (
    <ol className={classNames(styles.ladder, explained !== undefined && styles.tall)} aria-label={`Publishing ${name}`}>
      {steps.map(({ id, phase }, index) => {
        const Icon = icons[phase];
        const duration = durations[index] ?? null;
        return (
          <li
            key={id}
            className={classNames(styles.step, styles[phase])}
            aria-current={phase === 'active' ? 'step' : undefined}
          >
            <Icon size={14} strokeWidth={2.25} aria-hidden="true" />
            <span className={styles.name}>{explained?.[id] ?? stepNames[id]}</span>
            <VisuallyHidden>{stepPhaseWords[phase]}</VisuallyHidden>
            {duration !== null && (
              <span className={styles.time}>{duration < 1 ? 'at once' : formatDuration(duration)}</span>
            )}
          </li>
        );
      })}
    </ol>
  );
}
