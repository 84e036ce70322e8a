/**
 * The control plane in use, and what a person with kubectl needs to look at it.
 */
import type { ControlPlaneState } from '#contract/agent-state.ts';

import { controlPlaneStatus, processStatus } from '../../state/summary.ts';
import { plural } from '../../text/format.ts';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { CopyButton } from '../../ui/copy-button.tsx';
import { Fact, Facts } from '../../ui/facts.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import { Status } from '../../ui/status.tsx';
import { partNames } from '../setup/progress.tsx';
import styles from './connector-page.module.css';

type Chosen = Exclude<ControlPlaneState, { readonly kind: 'none' }>;

export type ControlPlaneProps = { readonly controlPlane: ControlPlaneState; readonly onChange: () => void };

export function ControlPlane({ controlPlane, onChange }: ControlPlaneProps) {
  if (controlPlane.kind === 'none') return null;
  const { tone, word } = controlPlaneStatus(controlPlane.phase);
  return (
    <Card title="Control plane" aside={<Status tone={tone} word={word} />}>
      {controlPlane.kind === 'playground' ? (
        <PlaygroundFacts controlPlane={controlPlane} />
      ) : (
        <KubeconfigFacts controlPlane={controlPlane} />
      )}
      {controlPlane.problem !== null && <ProblemNote problem={controlPlane.problem} />}
      <Button className={styles.button} onClick={onChange}>
        Change…
      </Button>
    </Card>
  );
}

function PlaygroundFacts({ controlPlane }: { readonly controlPlane: Chosen & { readonly kind: 'playground' } }) {
  const { parts, kubeconfig } = controlPlane;
  return (
    <Facts>
      <Fact name="Kind">Playground on this machine</Fact>
      {parts.map((part) => {
        const status = processStatus(part.phase);
        return (
          <Fact key={part.name} name={partNames[part.name].name}>
            <Status tone={status.tone} word={status.word} />
            {part.restarts > 0 && <span className={styles.muted}>, restarted {plural(part.restarts, 'time')}</span>}
          </Fact>
        );
      })}
      {kubeconfig !== null && <KubeconfigPath path={kubeconfig} />}
    </Facts>
  );
}

function KubeconfigFacts({ controlPlane }: { readonly controlPlane: Chosen & { readonly kind: 'kubeconfig' } }) {
  const { server, context, namespace, path } = controlPlane;
  return (
    <Facts>
      <Fact name="Kind">Kubernetes API</Fact>
      <Fact name="Server" action={<CopyButton text={server} what="server" />}>
        {server}
      </Fact>
      <Fact name="Context">{context}</Fact>
      <Fact name="Namespace">{namespace}</Fact>
      <KubeconfigPath path={path} />
    </Facts>
  );
}

function KubeconfigPath({ path }: { readonly path: string }) {
  return (
    <Fact name="Kubeconfig" action={<CopyButton text={path} what="kubeconfig path" />}>
      <code>{path}</code>
    </Fact>
  );
}
