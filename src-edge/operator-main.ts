/**
 * Process entry of the operator: `operator-main.ts --config FILE`. Exits with 78 on a configuration that cannot be used.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

import { Secret } from '#base/secret.ts';

import { readOperatorConfig, readProbeToken } from './config.ts';
import { startOperator } from './operator/operator.ts';
import { expectValue, kubeClientFrom, runServer } from './server-process.ts';

await runServer('operator', async (configFile, surroundings) => {
  const config = expectValue(await readOperatorConfig(configFile));
  const { namespace, identity = `${hostname()}_${randomUUID()}` } = config.leaderElection;
  const operator = await startOperator({
    ...surroundings,
    kube: await kubeClientFrom(config.kubeconfig),
    election: { namespace, identity },
    probeToken: new Secret(expectValue(await readProbeToken(config.probeTokenFile))),
  });
  return { ready: {}, close: operator.close };
});
