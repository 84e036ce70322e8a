/**
 * `sallyport agent`: the profile's agent without a window, in the foreground; `--web` serves the window on loopback.
 */
import { openAgent } from '#main/agent/open-agent.ts';
import { openWebServer } from '#main/web/web-server.ts';

import type { Composition } from '../composition.ts';
import { untilAborted } from '../interruption.ts';
import type { Terminal } from '../terminal.ts';

export async function agent(
  composition: Composition,
  terminal: Terminal,
  options: { readonly web: boolean },
  signal: AbortSignal,
): Promise<void> {
  const { clock, log, paths } = composition;
  const opened = await openAgent(composition.agent, { ownOnly: true });
  try {
    const web = options.web
      ? await openWebServer({ directory: paths.rendererDirectory, handlers: opened.handlers, clock, log })
      : null;
    terminal.event({ event: 'ready', pid: opened.pid, profile: composition.agent.profile });
    terminal.say(`The agent of the profile “${composition.agent.profile}” runs (process ${opened.pid}).`);
    if (web !== null) {
      terminal.event({ event: 'web', url: web.url });
      terminal.say(`  Its window, with a link that works once: ${web.url}`);
    }
    await untilAborted(signal);
    await web?.close();
  } finally {
    await opened.close({ withdraw: 'ephemeral' });
  }
}
