/**
 * How a service that was just exposed becomes ready: each step with its time, the address at the end, or what is wrong.
 */
import { useLayoutEffect, useRef } from 'react';
import { Dialog } from '@base-ui/react/dialog';
import { ArrowUpRight } from 'lucide-react';

import type { ServiceState, ServiceStepId } from '#contract/agent-state.ts';

import { formatDuration } from '../../text/format.ts';
import { isWebUrl } from '../../text/web-url.ts';
import { Actions } from '../../ui/actions.tsx';
import { Button } from '../../ui/button.tsx';
import { CopyButton } from '../../ui/copy-button.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import { Ladder } from '../services/ladder.tsx';
import styles from './publish-progress.module.css';

const explained: Readonly<Record<ServiceStepId, string>> = {
  declared: 'Declared in the control plane',
  tunnel: 'Tunnel to the edge',
  hostname: 'Address assigned',
  route: 'Edge knows the way',
  answer: 'Answered through the tunnel',
};

/** Where things stand, in one sentence. */
function progressSentence({ phase, steps }: ServiceState): string {
  if (phase === 'ready') {
    const total = steps.at(-1)?.doneAfterMs ?? null;
    return total === null ? 'It answers.' : `It answered after ${formatDuration(total)}.`;
  }
  if (phase === 'failing') return 'Sallyport goes on trying, and it comes online by itself.';
  return 'Online as soon as a request has come all the way through.';
}

export function PublishProgress({ service }: { readonly service: ServiceState }) {
  const { name, phase, url, steps, problem } = service;
  const close = useRef<HTMLButtonElement>(null);
  const isReady = phase === 'ready';
  useLayoutEffect(() => {
    // The form that held the focus is gone; before anything is drawn, or the dialog takes the focus itself.
    close.current?.focus();
  }, []);

  return (
    <div className={styles.progress}>
      <Ladder name={name} steps={steps} explained={explained} />
      {problem !== null && phase === 'failing' && <ProblemNote problem={problem} announce />}
      <output className={styles.sentence}>{progressSentence(service)}</output>
      {isReady && url !== null && (
        <p className={styles.address}>
          {isWebUrl(url) ? (
            <a href={url} target="_blank" rel="noreferrer" aria-label={`Open ${url}`}>
              {url}
              <ArrowUpRight size={14} aria-hidden="true" />
            </a>
          ) : (
            url
          )}
          <CopyButton text={url} what={`address of ${name}`} />
        </p>
      )}
      <Actions>
        <Dialog.Close
          render={
            <Button ref={close} tone={isReady ? 'primary' : 'plain'}>
              {isReady ? 'Done' : 'Close'}
            </Button>
          }
        />
      </Actions>
    </div>
  );
}
