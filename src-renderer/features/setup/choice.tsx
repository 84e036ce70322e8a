/**
 * The two ways to begin.
 */
import { Laptop, Network } from 'lucide-react';

import { useAgentCall } from '../../state/use-agent-call.ts';
import { Button } from '../../ui/button.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import { Mark } from '../shell/mark.tsx';
import styles from './choice.module.css';

export type ChoiceProps = {
  readonly first: boolean;
  readonly onConnect: () => void;
  readonly onStarted: () => void;
};

export function Choice({ first, onConnect, onStarted }: ChoiceProps) {
  const { run, running, problem } = useAgentCall('controlPlane.usePlayground');
  const start = async (): Promise<void> => {
    const answer = await run({});
    if (answer !== undefined) onStarted();
  };

  return (
    <>
      <header className={styles.intro}>
        {first && <Mark size={44} />}
        <h1>{first ? 'Make a service on this machine reachable' : 'Change the control plane'}</h1>
        <p>
          {first
            ? 'Sallyport dials out through a tunnel and gives the service a web address: no port is opened here, and only what you expose can be reached.'
            : 'Services stay defined on this machine and are published through the one you choose.'}
        </p>
      </header>
      <div className={styles.choices}>
        <section className={styles.choice} aria-labelledby="choice-playground">
          <Laptop size={20} aria-hidden="true" />
          <h2 id="choice-playground">Playground</h2>
          <p>Control plane, operator and edge, all on this machine. Nothing to install, no account, works offline.</p>
          <p className={styles.plain}>Anyone on this machine can reach what you expose; other machines cannot.</p>
          <Button tone="primary" busy={running} onClick={() => void start()}>
            {running ? 'Starting…' : 'Start the playground'}
          </Button>
        </section>
        <section className={styles.choice} aria-labelledby="choice-connect">
          <Network size={20} aria-hidden="true" />
          <h2 id="choice-connect">Connect to a control plane</h2>
          <p>A Kubernetes API that knows connectors: your company’s, or Datum Cloud. Needs a kubeconfig.</p>
          <p className={styles.plain}>Anyone who can reach its edge can reach what you expose.</p>
          <Button onClick={onConnect}>Choose a kubeconfig…</Button>
        </section>
      </div>
      {problem !== null && (
        <div className={styles.problem}>
          <ProblemNote problem={problem} announce />
        </div>
      )}
    </>
  );
}
