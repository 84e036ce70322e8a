/**
 * What is wrong or weak right now, each with its next step.
 */
import type { HealthWarning } from '#contract/agent-state.ts';

import { ProblemNote } from '../../ui/problem-note.tsx';
import { Ago } from '../../ui/time.tsx';
import styles from './warnings.module.css';

export function Warnings({ warnings }: { readonly warnings: readonly HealthWarning[] }) {
  return (
    <ul className={styles.list} aria-label="Warnings">
      {warnings.map((warning) => (
        <li key={`${warning.code} ${warning.title}`}>
          <ProblemNote
            problem={warning}
            severity={warning.severity}
            aside={
              <span className={styles.since}>
                <Ago at={warning.since} />
              </span>
            }
          />
        </li>
      ))}
    </ul>
  );
}
