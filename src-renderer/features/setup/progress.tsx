/**
 * How the chosen control plane gets on until it is usable, and what to do when it does not.
 */
import type { ControlPlaneState, PlaygroundPart } from '#contract/agent-state.ts';

import { processStatus } from '../../state/summary.ts';
import { useAgentCall } from '../../state/use-agent-call.ts';
import { plural } from '../../text/format.ts';
import { Actions } from '../../ui/actions.tsx';
import { Button } from '../../ui/button.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import { Status } from '../../ui/status.tsx';
import styles from './progress.module.css';
import page from './setup-page.module.css';

export const partNames: Readonly<Record<PlaygroundPart['name'], { readonly name: string; readonly purpose: string }>> =
  {
    control: { name: 'Control plane', purpose: 'keeps what you declare' },
    operator: { name: 'Operator', purpose: 'assigns addresses, checks that they answer' },
    edge: { name: 'Edge', purpose: 'takes visitors in and hands them to the tunnel' },
  };

type Playground = ControlPlaneState & { readonly kind: 'playground' };
type Kubeconfig = ControlPlaneState & { readonly kind: 'kubeconfig' };

export function PlaygroundProgress(props: { readonly controlPlane: Playground; readonly onChooseOther: () => void }) {
  const { controlPlane, onChooseOther } = props;
  const again = useAgentCall('controlPlane.usePlayground');
  const problem = again.problem ?? controlPlane.problem;
  const failed = controlPlane.phase === 'unreachable' || problem !== null;
  return (
    <div className={page.step}>
      <header>
        <h1>{failed ? 'The playground did not start' : 'Starting the playground'}</h1>
        <p className={page.lead}>
          {failed
            ? 'Nothing outside this machine was touched.'
            : 'Three small servers on this machine. This takes a few seconds.'}
        </p>
      </header>
      <ul className={styles.parts} aria-label="Parts of the playground">
        {controlPlane.parts.map((part) => {
          const status = processStatus(part.phase);
          const { name, purpose } = partNames[part.name];
          return (
            <li key={part.name} className={styles.part}>
              <span className={styles.name}>{name}</span>
              <span className={styles.purpose}>
                {part.restarts === 0 ? purpose : `restarted ${plural(part.restarts, 'time')}`}
              </span>
              <Status tone={status.tone} word={status.word} />
            </li>
          );
        })}
      </ul>
      {problem !== null && <ProblemNote problem={problem} announce />}
      {failed && (
        <Actions>
          <Button onClick={onChooseOther}>Choose something else</Button>
          <Button tone="primary" busy={again.running} onClick={() => void again.run({})}>
            {again.running ? 'Starting…' : 'Start again'}
          </Button>
        </Actions>
      )}
    </div>
  );
}

export function ConnectingProgress(props: { readonly controlPlane: Kubeconfig; readonly onChooseOther: () => void }) {
  const { controlPlane, onChooseOther } = props;
  const { context, problem, phase } = controlPlane;
  const again = useAgentCall('agent.retryNow');
  const shown = again.problem ?? problem;
  const failed = phase === 'unreachable' || phase === 'denied';
  return (
    <div className={page.step}>
      <header>
        <h1>{failed ? `Not connected to ${context}` : `Connecting to ${context}`}</h1>
        <p className={page.lead}>{controlPlane.server}</p>
      </header>
      {!failed && <Status tone="busy" word="Connecting" />}
      {shown !== null && <ProblemNote problem={shown} announce />}
      <Actions>
        <Button onClick={onChooseOther}>Choose something else</Button>
        {failed && (
          <Button tone="primary" busy={again.running} onClick={() => void again.run({})}>
            {again.running ? 'Connecting…' : 'Try now'}
          </Button>
        )}
      </Actions>
    </div>
  );
}
