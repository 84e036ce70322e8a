/**
 * Says that the agent is gone, what brings it back, and offers the one thing that helps from here.
 */
import { Unplug } from 'lucide-react';

import type { LinkStatus } from '#contract/ipc/link-status.ts';

import { useAgentLink, useAgentView } from '../../state/agent-context.ts';
import { useNow } from '../../state/use-now.ts';
import { formatAgo, formatUntil } from '../../text/format.ts';
import { Button } from '../../ui/button.tsx';
import { CopyButton } from '../../ui/copy-button.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import styles from './link-banner.module.css';

type Lost = LinkStatus & { readonly phase: 'lost' };

export function LinkBanner({ status }: { readonly status: Lost }) {
  const link = useAgentLink();
  const { host } = link;
  const isTrying = status.retryAtMs === null;
  return (
    <section className={styles.banner} aria-label="Connection to the agent">
      <div className={styles.content}>
        <Unplug size={16} aria-hidden="true" />
        <div className={styles.words}>
          <p className={styles.title} role="alert">
            {host === 'app' ? 'The agent has stopped' : 'The agent does not answer'}
          </p>
          {host === 'browser' && <HowToStart />}
          <Attempt status={status} />
        </div>
        <Button onClick={() => link.retryNow()} busy={isTrying}>
          {host === 'app' ? 'Start it now' : 'Try now'}
        </Button>
      </div>
      {status.problem !== null && (
        <div className={styles.problem}>
          <ProblemNote problem={status.problem} />
        </div>
      )}
    </section>
  );
}

/** When it is tried again; moves every second, so it stands outside of what is announced. */
function Attempt({ status }: { readonly status: Lost }) {
  const nowMs = useNow();
  const { host } = useAgentLink();
  const what = host === 'app' ? 'Starting it again' : 'Trying again';
  return (
    <p className={styles.attempt}>
      Lost {formatAgo(status.sinceMs, nowMs)}.{' '}
      {status.retryAtMs === null ? `${what}…` : `${what} ${formatUntil(status.retryAtMs, nowMs)}.`}
    </p>
  );
}

function HowToStart() {
  const profile = useAgentView((view) => view.state?.agent.profile ?? 'default');
  const command = `npx sallyport agent --web${profile === 'default' ? '' : ` --profile ${profile}`}`;
  return (
    <p className={styles.how}>
      If it was stopped, run <code>{command}</code>
      <CopyButton text={command} what="the command" /> and open the link it prints; this page then goes on by itself.
    </p>
  );
}
