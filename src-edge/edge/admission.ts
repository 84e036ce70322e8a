/**
 * Whether a proven claim may open a tunnel: the connector exists, the uid is its own, the key is its own, and no other
 * connector proved that key before.
 *
 * The proof itself was checked by the tunnel listener. Keeps no sessions.
 */
import { sleep, type Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { Connector } from '#contract/resources/generated.ts';
import type { RefusalCode, Verdict } from '#contract/wire/registration.ts';
import { KubeError, type ResourceClient } from '#kube/client.ts';
import type { Informer } from '#kube/informer.ts';
import type { VerifiedClaim } from '#tunnel/edge/tunnel-listener.ts';

import { createKeyHolders, publishedKey } from './key-holders.ts';

export type Admission = {
  readonly admit: (claim: VerifiedClaim, signal: AbortSignal) => Promise<Verdict>;
};

/** An agent may dial before its key is in its Connector's status; a refusal would cost it seconds. */
const keyArrivesWithinMs = 5000;

/** An edge that has just started learns within a moment what there is, or is cut off from its control plane. */
const connectorsArriveWithinMs = 5000;

const noControlPlane: Verdict = {
  type: 'refused',
  code: 'ControlPlaneUnavailable',
  message: 'The control plane does not answer, so this connector cannot be looked up.',
};

type Refusal = { readonly code: RefusalCode; readonly message: string };
type Judgement = { readonly kind: 'good' } | { readonly kind: 'no-key' } | ({ readonly kind: 'bad' } & Refusal);

/** Pure: what `claim` deserves, given its connector as the control plane has it. */
function judgeClaim(claim: VerifiedClaim, connector: Connector | null): Judgement {
  const where = `${claim.namespace}/${claim.name}`;
  const bad = (code: RefusalCode, message: string): Judgement => ({ kind: 'bad', code, message });
  if (connector === null) return bad('ConnectorNotFound', `There is no connector ${where}.`);
  if (connector.metadata.uid !== claim.uid) {
    return bad('UidMismatch', `The connector ${where} is another one than this agent was registered as.`);
  }
  const key = publishedKey(connector);
  if (key === null) return { kind: 'no-key' };
  // SECURITY: the key in the connector's status is the identity; proving any other key proves nothing.
  if (key !== claim.publicKey) return bad('KeyMismatch', `The connector ${where} has another public key.`);
  return { kind: 'good' };
}

export function createAdmission(options: {
  readonly connectors: Informer<Connector>;
  readonly resource: ResourceClient<Connector>;
  readonly isDraining: () => boolean;
  readonly newConnectionId: () => string;
  readonly clock: Clock;
  readonly log: Logger;
}): Admission {
  const { connectors, resource, clock, log } = options;
  const holders = createKeyHolders(connectors);

  const decide = (claim: VerifiedClaim, connector: Connector | null): Judgement => {
    const judgement = judgeClaim(claim, connector);
    const holder = holders.holderOf(claim.publicKey);
    if (judgement.kind !== 'good' || holder === undefined || holder === claim.uid) return judgement;
    return {
      kind: 'bad',
      code: 'KeyConflict',
      message: 'Another connector already uses this key. Give this machine a key of its own.',
    };
  };

  /** Resolves when the informer shows the connector with a key, or when there is no more time. */
  const keyArrived = async (claim: VerifiedClaim, signal: AbortSignal): Promise<void> => {
    const arrived = new AbortController();
    const stop = connectors.onChange((connector) => {
      if (connector.metadata.uid === claim.uid && publishedKey(connector) !== null) arrived.abort();
    });
    const onAbort = (): void => arrived.abort();
    signal.addEventListener('abort', onAbort);
    await sleep(clock, keyArrivesWithinMs, arrived.signal);
    signal.removeEventListener('abort', onAbort);
    stop();
  };

  /** False if the control plane has not said in time which connectors there are, and so which key is whose. */
  const knowsConnectors = async (signal: AbortSignal): Promise<boolean> => {
    if (connectors.hasSynced) return true;
    const enough = new AbortController();
    const giveUp = (): void => enough.abort();
    signal.addEventListener('abort', giveUp);
    const cancel = clock.after(connectorsArriveWithinMs, giveUp);
    await connectors.synced(enough.signal);
    cancel();
    signal.removeEventListener('abort', giveUp);
    return connectors.hasSynced;
  };

  const admitted = (claim: VerifiedClaim): Verdict => {
    holders.proved(claim.publicKey, claim.uid);
    return { type: 'admitted', connectionId: options.newConnectionId() };
  };

  const admit: Admission['admit'] = async (claim, signal) => {
    if (options.isDraining()) return { type: 'refused', code: 'Draining', message: 'This edge is about to stop.' };
    if (!(await knowsConnectors(signal))) return noControlPlane;
    const key = { namespace: claim.namespace, name: claim.name };
    if (decide(claim, connectors.get(key) ?? null).kind === 'good') return admitted(claim);
    try {
      // The informer may be behind; nobody is refused for that.
      let judgement = decide(claim, await resource.get(key));
      if (judgement.kind === 'no-key') {
        await keyArrived(claim, signal);
        judgement = decide(claim, await resource.get(key));
      }
      if (judgement.kind === 'good') return admitted(claim);
      if (judgement.kind === 'bad') return { type: 'refused', code: judgement.code, message: judgement.message };
      return { type: 'refused', code: 'KeyMismatch', message: 'The connector has not published its public key.' };
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      // Without the control plane nobody new comes in, and nobody who was in is turned away.
      if (holders.holderOf(claim.publicKey) === claim.uid) return admitted(claim);
      log.warn('control plane did not answer during admission', { error });
      return noControlPlane;
    }
  };
  return { admit };
}
