/**
 * One service: state, name, target, address, switch; and why it is not reachable, when it is not.
 */
import { memo, useId, useState } from 'react';
import { ArrowUpRight, Trash2 } from 'lucide-react';

import type { ServiceState } from '#contract/agent-state.ts';

import { serviceStatus } from '../../state/summary.ts';
import { useAgentCall } from '../../state/use-agent-call.ts';
import { formatTarget } from '../../text/target.ts';
import { isWebUrl } from '../../text/web-url.ts';
import { CopyButton } from '../../ui/copy-button.tsx';
import { IconButton } from '../../ui/icon-button.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import { Status } from '../../ui/status.tsx';
import { Switch } from '../../ui/switch.tsx';
import { Ladder } from './ladder.tsx';
import styles from './service-row.module.css';

export type ServiceRowProps = {
  readonly service: ServiceState;
  /** True if the service's problem is already explained beside the list. */
  readonly explained: boolean;
  /** True while the agent is lost: nothing shown is certain, and nothing can be changed. */
  readonly stale: boolean;
  readonly onDelete: (service: ServiceState) => void;
};

export const ServiceRow = memo(function ServiceRow({ service, explained, stale, onDelete }: ServiceRowProps) {
  const nameId = useId();
  const setEnabled = useAgentCall('service.setEnabled');
  // What was asked for, shown until the agent has answered.
  const [asked, setAsked] = useState<boolean | null>(null);
  const { name, phase, problem, steps } = service;
  const status = serviceStatus(service, stale);
  const climbing = phase === 'publishing' || (phase === 'failing' && steps.some((step) => step.phase !== 'done'));

  const toggle = async (enabled: boolean): Promise<void> => {
    setAsked(enabled);
    await setEnabled.run({ name, enabled });
    setAsked(null);
  };

  return (
    <article className={styles.row} aria-labelledby={nameId} aria-busy={phase === 'removing' || undefined}>
      <div className={styles.line}>
        <div className={styles.subject}>
          <h3 id={nameId}>{name}</h3>
          <p className={styles.target}>
            {formatTarget(service)}
            {service.ephemeral && <span className={styles.tag}>until its command ends</span>}
          </p>
        </div>
        <div className={styles.address}>
          <Address service={service} />
        </div>
        <Status tone={status.tone} word={status.word} className={styles.status} />
        <div className={styles.controls} inert={stale}>
          <Switch
            label={`${name} on`}
            checked={asked ?? service.enabled}
            busy={setEnabled.running || phase === 'removing'}
            onChange={(enabled) => void toggle(enabled)}
          />
          <IconButton
            label={`Delete ${name}`}
            tone="danger"
            icon={<Trash2 size={15} aria-hidden="true" />}
            onClick={() => onDelete(service)}
          />
        </div>
      </div>
      {climbing && !stale && <Ladder name={name} steps={steps} />}
      {problem !== null && phase !== 'off' && !explained && !stale && <ProblemNote problem={problem} />}
      {setEnabled.problem !== null && <ProblemNote problem={setEnabled.problem} announce />}
    </article>
  );
});

/** The address: a link once it was proven to answer, plain text before. */
function Address({ service }: { readonly service: ServiceState }) {
  const { url, phase, name } = service;
  if (url === null)
    return <span className={styles.pending}>{phase === 'publishing' ? 'Waiting for its address' : 'No address'}</span>;
  const live = phase === 'ready' && isWebUrl(url);
  return (
    <>
      {live ? (
        <a className={styles.url} href={url} target="_blank" rel="noreferrer" aria-label={`Open ${url}`} title={url}>
          <span>{url}</span>
          <ArrowUpRight size={14} aria-hidden="true" />
        </a>
      ) : (
        <span className={styles.pending} title={url}>
          {url}
        </span>
      )}
      <CopyButton text={url} what={`address of ${name}`} />
    </>
  );
}
