/**
 * `sallyport agent`: the profile's agent without a window, in the foreground; `--web` serves the window on loopback.
 */
import { openAgent } from '#main/agent/open-agent.ts';
import { readWebPort, writeWebPort } from '#main/web/web-port.ts';
import { openWebServer, type WebServer } from '#main/web/web-server.ts';

import type { Composition } from '../composition.ts';
import { untilAborted } from '../interruption.ts';
import type { Terminal } from '../terminal.ts';

export async function agent(
  composition: Composition,
  terminal: Terminal,
  options: { readonly web: boolean },
  signal: AbortSignal,
): Promise<void> {
  const { directory, clock, log, paths } = composition;
  let web: WebServer | null = null;
  const opened = await openAgent({ ...composition.agent, newWebLink: () => web?.newLink() ?? null }, { ownOnly: true });
  try {
    if (options.web) {
      const port = await readWebPort(directory);
      web = await openWebServer({ directory: paths.rendererDirectory, port, handlers: opened.handlers, clock, log });
      if (web.port !== port) {
        await writeWebPort(directory, web.port).catch((error: unknown) =>
          log.warn('port is not remembered', { error }),
        );
      }
    }
    terminal.event({ event: 'ready', pid: opened.pid, profile: composition.agent.profile });
    terminal.say(`The agent of the profile “${composition.agent.profile}” runs (process ${opened.pid}).`);
    if (web !== null) {
      const url = web.newLink();
      terminal.event({ event: 'web', url });
      terminal.say(`  Its window, with a link that works once: ${url}`);
      terminal.say('  Another link: npx sallyport web');
    }
    await untilAborted(signal);
    await web?.close();
  } finally {
    await opened.close({ withdraw: 'ephemeral' });
  }
}
