/**
 * When the agent tries again by itself, and a button for those who do not want to wait.
 */
import { useAgentCall } from '../../state/use-agent-call.ts';
import { Button } from '../../ui/button.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import { Until } from '../../ui/time.tsx';
import styles from './retry-now.module.css';

/** `at` is RFC 3339; null if it is not known. */
export function RetryNow({ at }: { readonly at: string | null }) {
  const { run, running, problem } = useAgentCall('agent.retryNow');
  return (
    <div className={styles.retry}>
      <Button busy={running} onClick={() => void run({})}>
        Try now
      </Button>
      <span className={styles.next}>
        {at === null ? (
          'Sallyport keeps trying by itself.'
        ) : (
          <>
            Sallyport tries again <Until at={at} />.
          </>
        )}
      </span>
      {problem !== null && <ProblemNote problem={problem} announce />}
    </div>
  );
}
