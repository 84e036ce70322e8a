/**
 * Process entry of the edge: `edge-main.ts --config FILE`. Exits with 78 on a configuration that cannot be used.
 */
import { Secret } from '#base/secret.ts';

import { readEdgeConfig, readNamedFile, readProbeToken } from './config.ts';
import { startEdge } from './edge/edge.ts';
import { expectValue, kubeClientFrom, runServer } from './server-process.ts';

await runServer('edge', async (configFile, surroundings) => {
  const config = expectValue(await readEdgeConfig(configFile));
  const { certFile, keyFile, caFile, ...tunnel } = config.tunnel;
  const edge = await startEdge({
    ...surroundings,
    kube: await kubeClientFrom(config.kubeconfig),
    name: config.name,
    namespace: config.namespace,
    domain: config.domain,
    http: config.http,
    tunnel: {
      ...tunnel,
      cert: expectValue(await readNamedFile('tunnel.certFile', certFile)),
      key: expectValue(await readNamedFile('tunnel.keyFile', keyFile)),
      ca: expectValue(await readNamedFile('tunnel.caFile', caFile)),
    },
    probeToken: new Secret(expectValue(await readProbeToken(config.probeTokenFile))),
    drainMs: config.drainSeconds * 1000,
  });
  const authority = ({ host, port }: { readonly host: string; readonly port: number }): string =>
    host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return {
    ready: { http: `http://${authority(edge.http)}`, tunnel: authority(edge.tunnel) },
    close: edge.close,
  };
});
