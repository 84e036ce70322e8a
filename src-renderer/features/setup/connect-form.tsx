/**
 * Connect to a control plane: read a kubeconfig, choose one of its contexts, connect.
 */
import { useCallback, useEffect, useId, useState, type FormEvent } from 'react';
import { Radio } from '@base-ui/react/radio';
import { RadioGroup } from '@base-ui/react/radio-group';

import type { KubeconfigContext } from '#contract/ipc/contract.ts';

import { useAgentCall } from '../../state/use-agent-call.ts';
import { Actions } from '../../ui/actions.tsx';
import { Button } from '../../ui/button.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import radio from '../../ui/radio.module.css';
import { TextField } from '../../ui/text-field.tsx';
import styles from './connect-form.module.css';
import page from './setup-page.module.css';

export type ConnectFormProps = { readonly onBack: () => void; readonly onConnected: () => void };

type Loaded = { readonly path: string; readonly contexts: readonly KubeconfigContext[] };

export function ConnectForm({ onBack, onConnected }: ConnectFormProps) {
  const { run: listContexts, running: reading, problem: readProblem } = useAgentCall('controlPlane.listContexts');
  const {
    run: useKubeconfig,
    running: connecting,
    problem: connectProblem,
  } = useAgentCall('controlPlane.useKubeconfig');
  const [path, setPath] = useState('');
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const [context, setContext] = useState<string | null>(null);
  // That there is no file at the usual place is no fault of a person who has not named one.
  const [asked, setAsked] = useState(false);

  const read = useCallback(
    async (from: string): Promise<void> => {
      const answer = await listContexts(from === '' ? {} : { path: from });
      setLoaded(answer ?? null);
      if (answer === undefined) return;
      setPath(answer.path);
      const [only] = answer.contexts;
      setContext(answer.currentContext ?? (answer.contexts.length === 1 ? (only?.name ?? null) : null));
    },
    [listContexts],
  );
  useEffect(() => {
    // The default file is offered at once; which one that is, only the agent knows.
    // oxlint-disable-next-line react/set-state-in-effect
    void read('');
  }, [read]);

  // Contexts of another file than the one named above must not be offered.
  const current = loaded !== null && loaded.path === path.trim() ? loaded : null;

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (reading) return;
    setAsked(true);
    void read(path.trim());
  };

  const connect = async (): Promise<void> => {
    if (current === null || context === null) return;
    const answer = await useKubeconfig({ path: current.path, context });
    if (answer !== undefined) onConnected();
  };

  return (
    <form className={page.step} onSubmit={submit} noValidate>
      <header>
        <h1>Connect to a control plane</h1>
        <p className={page.lead}>Your kubeconfig stays where it is; Sallyport reads it each time it connects.</p>
      </header>
      <div className={styles.file}>
        <TextField
          label="Kubeconfig file"
          value={path}
          onChange={setPath}
          placeholder="~/.kube/config"
          hint={
            !asked && readProblem !== null
              ? `${readProblem.detail} Enter the path of the one to use.`
              : 'Leave empty for KUBECONFIG or ~/.kube/config'
          }
          error={null}
          maxLength={4096}
        />
        <Button type="submit" busy={reading}>
          {reading ? 'Reading…' : 'Read contexts'}
        </Button>
      </div>
      {asked && readProblem !== null && <ProblemNote problem={readProblem} announce />}
      {current !== null && <Contexts contexts={current.contexts} value={context} onChange={setContext} />}
      {connectProblem !== null && <ProblemNote problem={connectProblem} announce />}
      <Actions>
        <Button onClick={onBack}>Back</Button>
        <Button
          tone="primary"
          busy={connecting}
          disabled={current === null || context === null}
          onClick={() => void connect()}
        >
          {connecting ? 'Connecting…' : 'Connect'}
        </Button>
      </Actions>
    </form>
  );
}

type ContextsProps = {
  readonly contexts: readonly KubeconfigContext[];
  readonly value: string | null;
  readonly onChange: (context: string) => void;
};

function Contexts({ contexts, value, onChange }: ContextsProps) {
  const id = useId();
  return (
    <div>
      <h2 id={id} className={styles.label}>
        Context
      </h2>
      <RadioGroup<string | null>
        aria-labelledby={id}
        className={styles.contexts}
        value={value}
        onValueChange={(next) => next !== null && onChange(next)}
      >
        {contexts.map((context) => (
          <label key={context.name} className={styles.context}>
            <Radio.Root value={context.name} className={radio.radio}>
              <Radio.Indicator className={radio.indicator} />
            </Radio.Root>
            <span className={styles.name}>{context.name}</span>
            <span className={styles.server}>
              {context.server} · namespace {context.namespace}
            </span>
          </label>
        ))}
      </RadioGroup>
    </div>
  );
}
