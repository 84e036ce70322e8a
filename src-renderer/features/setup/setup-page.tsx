/**
 * Before there is a control plane: what Sallyport does, the two ways to begin, and how the chosen one gets on.
 */
import { useState } from 'react';

import type { AgentState } from '#contract/agent-state.ts';

import { Button } from '../../ui/button.tsx';
import { useKeptFocus } from '../../ui/use-kept-focus.ts';
import { Choice } from './choice.tsx';
import { ConnectForm } from './connect-form.tsx';
import { ConnectingProgress, PlaygroundProgress } from './progress.tsx';
import styles from './setup-page.module.css';

export type SetupPageProps = {
  readonly state: AgentState;
  /** True when the person asked for another control plane while one is in use. */
  readonly changing: boolean;
  readonly onDone: () => void;
};

type Step = 'overview' | 'choose' | 'connect';

export function SetupPage({ state, changing, onDone }: SetupPageProps) {
  const { controlPlane } = state;
  const [step, setStep] = useState<Step>(changing ? 'choose' : 'overview');
  useKeptFocus(`${step} ${controlPlane.kind}`);
  const started = (): void => {
    setStep('overview');
    onDone();
  };

  if (step === 'connect') return <ConnectForm onBack={() => setStep('choose')} onConnected={started} />;
  if (step === 'overview' && controlPlane.kind === 'playground') {
    return <PlaygroundProgress controlPlane={controlPlane} onChooseOther={() => setStep('choose')} />;
  }
  if (step === 'overview' && controlPlane.kind === 'kubeconfig') {
    return <ConnectingProgress controlPlane={controlPlane} onChooseOther={() => setStep('choose')} />;
  }
  return (
    <div className={styles.page}>
      <Choice first={!changing} onConnect={() => setStep('connect')} onStarted={started} />
      {changing && (
        <div className={styles.back}>
          <Button onClick={onDone}>Keep the present one</Button>
        </div>
      )}
    </div>
  );
}
