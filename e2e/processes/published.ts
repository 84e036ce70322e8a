/**
 * A service on this machine, published by `sallyport serve` for the length of a spec.
 */
import type { Child } from './child.ts';
import { makeHome, startSallyport, type Serving } from './sallyport.ts';

export type Published = {
  /** Without a slash at the end. */
  readonly url: string;
  /** Where the edge listens on 127.0.0.1. */
  readonly port: number;
  /** What a visitor sends as Host. */
  readonly host: string;
  readonly serve: Child;
};

export type Publisher = {
  /** SALLYPORT_HOME of all that is published here. */
  readonly home: string;
  /** Publishes 127.0.0.1:port as `name`. The first call starts the agent and its playground. */
  publish(port: number, name: string): Promise<Published>;
  /** Withdraws everything, ends all processes and removes the profile. */
  close(): Promise<void>;
};

export async function createPublisher(): Promise<Publisher> {
  const home = await makeHome();
  const running: Child[] = [];
  return {
    home: home.path,
    publish: async (port, name) => {
      const serve = startSallyport(home.path, ['serve', String(port), '--name', name, '--json']);
      running.push(serve);
      const { url } = await serve.event<Serving>('serving');
      const { host, port: edgePort, origin } = new URL(url);
      return { url: origin, port: Number(edgePort), host, serve };
    },
    close: async () => {
      // The first one holds the agent: it goes last.
      const codes: (number | null)[] = [];
      for (const serve of running.toReversed()) codes.push(await serve.end('SIGINT'));
      await home.remove();
      if (codes.some((code) => code !== 0)) throw new Error(`serve ended with ${codes.join(', ')}`);
    },
  };
}
