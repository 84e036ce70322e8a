/**
 * Process entry of the operator: `operator-main.ts --config FILE`. Exits with 78 on a configuration that cannot be used.
 */
import { Secret } from '#base/secret.ts';

import { readOperatorConfig, readProbeToken } from './config.ts';
import { startOperator } from './operator/operator.ts';
import { expectValue, kubeClientFrom, runServer } from './server-process.ts';

await runServer('operator', async (configFile, surroundings) => {
  const config = expectValue(await readOperatorConfig(configFile));
  const operator = await startOperator({
    ...surroundings,
    kube: await kubeClientFrom(config.kubeconfig),
    probeToken: new Secret(expectValue(await readProbeToken(config.probeTokenFile))),
  });
  return { ready: {}, close: operator.close };
});
