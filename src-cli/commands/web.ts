/**
 * `sallyport web`: a new link to the window that the profile's agent serves to browsers.
 */
import type { Composition } from '../composition.ts';
import { withRunningAgent } from '../running-agent.ts';
import type { Terminal } from '../terminal.ts';

export async function web(composition: Composition, terminal: Terminal): Promise<void> {
  const { url } = await withRunningAgent(composition, ({ handlers }) =>
    handlers.calls['web.newLink']({}, { id: 'web', onGone: () => {} }),
  );
  terminal.event({ event: 'web', url });
  terminal.say(`A link to the window that works once: ${url}`);
}
