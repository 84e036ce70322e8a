/**
 * A problem in place: what happened, why, and the one next step, with its code for a search or a report.
 */
import type { ReactNode } from 'react';
import { CircleAlert, Info, TriangleAlert } from 'lucide-react';

import styles from './problem-note.module.css';
import { classNames } from './class-names.ts';
import { CopyButton } from './copy-button.tsx';

/** The words of a problem; the agent's `Problem` fits. */
export type ProblemText = {
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly action: string;
};

export type ProblemNoteProps = {
  readonly problem: ProblemText;
  readonly severity?: 'info' | 'warning' | 'error';
  /** Set when the note appears as the answer to something the person just did. */
  readonly announce?: boolean;
  readonly aside?: ReactNode;
  /** A control that puts the note away; it stands last. */
  readonly dismiss?: ReactNode;
};

const icons = { info: Info, warning: TriangleAlert, error: CircleAlert };

export function ProblemNote({ problem, severity = 'error', announce = false, aside, dismiss }: ProblemNoteProps) {
  const Icon = icons[severity];
  const { code, title, detail, action } = problem;
  return (
    <div className={classNames(styles.note, styles[severity])} role={announce ? 'alert' : undefined}>
      <Icon size={16} className={styles.icon} aria-hidden="true" />
      <div className={styles.body}>
        <p className={styles.title}>{title}</p>
        {detail !== '' && <p>{detail}</p>}
        {action !== '' && <p className={styles.action}>{action}</p>}
      </div>
      <div className={styles.side}>
        {aside}
        <code className={styles.code}>{code}</code>
        <CopyButton text={`${code}: ${title}\n${detail}\n${action}`} what={`details of ${code}`} />
        {dismiss}
      </div>
    </div>
  );
}
