/**
 * Keeps the agent's Connector as it should be: there, with its capabilities and this machine's details.
 *
 * Writes spec, annotations and `status.connectionDetails`, and each only if it differs.
 */
import type { Clock } from '#base/clock.ts';
import { createListeners } from '#base/listeners.ts';
import type { Logger } from '#base/logger.ts';
import type { WorkResult } from '#base/work-queue.ts';
import type { Problem } from '#contract/errors/agent-error.ts';
import type { Connector, ConnectorClass } from '#contract/resources/generated.ts';
import { sallyportClass } from '#contract/resources/kinds.ts';
import { KubeError, type ObjectKey, type ResourceClient } from '#kube/client.ts';
import { createController } from '#kube/controller.ts';
import { covers } from '#kube/covers.ts';
import type { Informer } from '#kube/informer.ts';

import {
  desiredConnectionDetails,
  desiredConnector,
  desiredConnectorFields,
  type Device,
  type Publisher,
} from './desired-resources.ts';
import { problemOfFailure } from './kube-problem.ts';

export type ConnectorController = {
  start(): Promise<void>;
  stop(): Promise<void>;
  readonly problem: Problem | null;
  onChange(listener: () => void): () => void;
};

export type ConnectorControllerOptions = {
  readonly publisher: Publisher;
  readonly server: string;
  readonly device: Device;
  /** Ed25519 public key, 64 hexadecimal digits. */
  readonly publicKey: string;
  /** UID under which the connector was last known, null if it was never seen. */
  readonly knownUid: () => string | null;
  readonly connectors: ResourceClient<Connector>;
  readonly classes: ResourceClient<ConnectorClass>;
  readonly informer: Informer<Connector>;
  /** The connector was seen with this UID. */
  readonly onSeen: (uid: string) => Promise<void>;
  /** The name belongs to a connector with another key: this agent needs another name. */
  readonly onForeign: () => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
};

/** Datum's class for the same kind of connector, on control planes without our own. */
const datumClassName = 'iroh-quic-tunnel';
/** After the disk refused to remember the connector. */
const rememberRetryMs = 2000;

/** Our class where it exists, else Datum's, else the first one. */
function chooseClassName(names: readonly string[]): string {
  return [sallyportClass.name, datumClassName].find((name) => names.includes(name)) ?? names[0] ?? sallyportClass.name;
}

async function classNameFor(classes: ResourceClient<ConnectorClass>): Promise<string> {
  try {
    return chooseClassName((await classes.list()).items.map(({ metadata }) => metadata.name ?? ''));
  } catch (error) {
    // Who may manage connectors may not always list classes; our own is the best guess then.
    if (error instanceof KubeError && (error.status === 403 || error.status === 404)) return sallyportClass.name;
    throw error;
  }
}

export function createConnectorController(options: ConnectorControllerOptions): ConnectorController {
  const { publisher, device, publicKey, connectors, informer } = options;
  const key: ObjectKey = { namespace: publisher.namespace, name: publisher.connector };
  const changes = createListeners<void>();
  let problem: Problem | null = null;

  const setProblem = (next: Problem | null): void => {
    if (next?.detail === problem?.detail) return;
    problem = next;
    changes.emit();
  };

  const create = async (): Promise<Connector> =>
    connectors.create(desiredConnector({ ...publisher, className: await classNameFor(options.classes), device }));

  const isForeign = ({ metadata, status }: Connector): boolean => {
    const theirs = status?.connectionDetails?.publicKey?.id;
    return theirs !== undefined && theirs !== publicKey && metadata.uid !== options.knownUid();
  };

  const bringUpToDate = async (connector: Connector): Promise<void> => {
    const fields = desiredConnectorFields(device);
    const keepsAnnotations = covers(connector.metadata.annotations, fields.annotations);
    const keepsSpec = covers(connector.spec.capabilities, fields.capabilities);
    if (!keepsAnnotations || !keepsSpec) {
      await connectors.patch(key, {
        ...(keepsAnnotations ? {} : { metadata: { annotations: fields.annotations } }),
        ...(keepsSpec ? {} : { spec: { capabilities: fields.capabilities } }),
      });
    }
    const connectionDetails = desiredConnectionDetails(publicKey);
    if (!covers(connector.status?.connectionDetails, connectionDetails)) {
      await connectors.patchStatus(key, { status: { connectionDetails } });
    }
  };

  /** What the disk refuses is told by the store, and is no fault of the connector. */
  const isRemembered = async (uid: string): Promise<boolean> => {
    try {
      await options.onSeen(uid);
      return true;
    } catch (error) {
      options.log.warn('connector could not be remembered', { error });
      return false;
    }
  };

  const reconcile = async (): Promise<WorkResult | void> => {
    try {
      const connector = informer.get(key) ?? (await connectors.get(key)) ?? (await create());
      if (connector.metadata.deletionTimestamp !== undefined) return undefined;
      if (isForeign(connector)) {
        options.onForeign();
        return undefined;
      }
      await bringUpToDate(connector);
      setProblem(null);
      const { uid } = connector.metadata;
      return uid === undefined || (await isRemembered(uid)) ? undefined : { requeueAfterMs: rememberRetryMs };
    } catch (error) {
      if (!(error instanceof KubeError) || error.status !== 409) {
        setProblem(problemOfFailure(error, { kind: 'Connector', server: options.server }));
      }
      throw error;
    }
  };

  const controller = createController({
    name: 'connector',
    clock: options.clock,
    random: options.random,
    log: options.log,
    reconcile,
  });
  controller.watch(informer, () => [key]);
  const unsubscribe = informer.onHealth(({ connected }) => {
    if (connected) controller.enqueue(key);
  });

  return {
    start: async () => {
      await controller.start();
      controller.enqueue(key);
    },
    stop: async () => {
      unsubscribe();
      await controller.stop();
    },
    get problem() {
      return problem;
    },
    onChange: (listener) => changes.add(listener),
  };
}
