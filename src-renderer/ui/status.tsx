/**
 * A state as a dot and a word, never the dot alone.
 */
import styles from './status.module.css';
import { classNames } from './class-names.ts';

export type StatusTone = 'ok' | 'busy' | 'warn' | 'error' | 'off';

export function Status({
  tone,
  word,
  className,
}: {
  readonly tone: StatusTone;
  readonly word: string;
  readonly className?: string | undefined;
}) {
  return (
    <span className={classNames(styles.status, styles[tone], className)}>
      <StatusDot tone={tone} />
      {word}
    </span>
  );
}

function StatusDot({ tone }: { readonly tone: StatusTone }) {
  return <span className={classNames(styles.dot, styles[`${tone}Dot`])} aria-hidden="true" />;
}
