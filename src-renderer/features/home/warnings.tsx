/**
 * What is wrong or weak right now, each with its next step; what was read can be put away until its words change.
 */
import { useState } from 'react';
import { X } from 'lucide-react';

import type { HealthWarning } from '#contract/agent-state.ts';

import { plural } from '../../text/format.ts';
import { Button } from '../../ui/button.tsx';
import { IconButton } from '../../ui/icon-button.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import { Ago } from '../../ui/time.tsx';
import { useKeptFocus } from '../../ui/use-kept-focus.ts';
import { canDismiss, readDismissals } from './dismissals.ts';
import styles from './warnings.module.css';

export type WarningsProps = { readonly label: string; readonly warnings: readonly HealthWarning[] };

export function Warnings({ label, warnings }: WarningsProps) {
  const [dismissed, setDismissed] = useState(() => readDismissals(localStorage));
  const shown = warnings.filter((warning) => !dismissed.covers(warning));
  const hidden = warnings.length - shown.length;
  useKeptFocus(String(hidden));
  if (warnings.length === 0) return null;

  return (
    <div className={styles.warnings}>
      {shown.length > 0 && (
        <ul className={styles.list} aria-label={label}>
          {shown.map((warning) => (
            <li key={`${warning.code} ${warning.title}`}>
              <ProblemNote
                problem={warning}
                severity={warning.severity}
                aside={
                  <span className={styles.since}>
                    <Ago at={warning.since} />
                  </span>
                }
                dismiss={
                  canDismiss(warning) && (
                    <IconButton
                      label={`Dismiss: ${warning.title}`}
                      icon={<X size={15} aria-hidden="true" />}
                      onClick={() => setDismissed(dismissed.with(warning))}
                    />
                  )
                }
              />
            </li>
          ))}
        </ul>
      )}
      {hidden > 0 && (
        <Button tone="quiet" className={styles.restore} onClick={() => setDismissed(dismissed.without(warnings))}>
          Show {plural(hidden, 'dismissed note')}
        </Button>
      )}
    </div>
  );
}
