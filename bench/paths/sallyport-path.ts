/**
 * Our own chain: `sallyport serve` with the playground, every part a process of its own.
 */
import { performance } from 'node:perf_hooks';

import { makeHome, runSallyport, startSallyport, type Serving } from '../../e2e/processes/sallyport.ts';
import type { Entrance } from '../load.ts';

export type SallyportPath = {
  readonly entrance: Entrance;
  /** Milliseconds from the start of the command to the proven URL. */
  readonly startToReadyMs: number;
  /** Process id of the foreground process, which owns all the others. */
  readonly pid: number;
  readonly enginePid: number;
  close(): Promise<void>;
};

export async function openSallyportPath(originPort: number): Promise<SallyportPath> {
  const home = await makeHome();
  const startedAt = performance.now();
  const serve = startSallyport(home.path, ['serve', String(originPort), '--name', 'bench', '--json']);
  const { url } = await serve.event<Serving>('serving');
  const startToReadyMs = performance.now() - startedAt;
  const status = await runSallyport(home.path, ['status', '--json']);
  const { engine } = JSON.parse(status.stdout) as { engine: { pid: number } };
  const { host, port } = new URL(url);
  return {
    entrance: { host, port: Number(port) },
    startToReadyMs,
    pid: serve.pid,
    enginePid: engine.pid,
    close: async () => {
      await serve.end('SIGINT');
      await home.remove();
    },
  };
}
