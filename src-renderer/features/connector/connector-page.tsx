/**
 * The connector: who this machine is to the control plane, what it is said to be, and how it is connected.
 */
import type { AgentState, ConnectorState } from '#contract/agent-state.ts';

import { groupHex } from '../../text/format.ts';
import { Card } from '../../ui/card.tsx';
import { CopyButton } from '../../ui/copy-button.tsx';
import { Fact, Facts } from '../../ui/facts.tsx';
import { Status } from '../../ui/status.tsx';
import { Capabilities } from './capabilities.tsx';
import { Conditions } from './conditions.tsx';
import styles from './connector-page.module.css';
import { ControlPlane } from './control-plane.tsx';
import { Engine } from './engine.tsx';
import { LeaseFact } from './lease.tsx';
import { TunnelConnections } from './tunnel-connections.tsx';

export type ConnectorPageProps = { readonly state: AgentState; readonly onChangeControlPlane: () => void };

export function ConnectorPage({ state, onChangeControlPlane }: ConnectorPageProps) {
  const { connector, engine, agent, controlPlane } = state;
  return (
    <div className={styles.page}>
      <header className={styles.header}>
        <h1>{connector?.name ?? 'Connector'}</h1>
        {connector === null ? (
          <p>This machine is not registered yet.</p>
        ) : (
          <p>
            <Status tone={connector.ready ? 'ok' : 'busy'} word={connector.ready ? 'Ready' : 'Not ready'} />
            <span>
              Connector in namespace {connector.namespace}, class {connector.className}
            </span>
          </p>
        )}
      </header>
      <TunnelConnections connections={engine.connections} running={engine.phase === 'running'} />
      {connector !== null && <Conditions conditions={connector.conditions} />}
      <div className={styles.columns}>
        <div className={styles.column}>
          {connector !== null && <Identity connector={connector} />}
          {connector !== null && <Capabilities capabilities={connector.capabilities} />}
        </div>
        <div className={styles.column}>
          <ControlPlane controlPlane={controlPlane} onChange={onChangeControlPlane} />
          <Engine engine={engine} agent={agent} />
        </div>
      </div>
    </div>
  );
}

function Identity({ connector }: { readonly connector: ConnectorState }) {
  const { name, namespace, uid, publicKey } = connector;
  return (
    <Card title="Identity">
      <Facts>
        <Fact name="Name" action={<CopyButton text={name} what="name" />}>
          {name}
        </Fact>
        <Fact name="Namespace">{namespace}</Fact>
        <Fact name="Public key" action={<CopyButton text={publicKey} what="public key" />}>
          <code className={styles.key}>{groupHex(publicKey)}</code>
        </Fact>
        <Fact name="UID" action={<CopyButton text={uid} what="UID" />}>
          <code>{uid}</code>
        </Fact>
        <LeaseFact lease={connector.lease} />
      </Facts>
    </Card>
  );
}
