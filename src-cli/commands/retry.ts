/**
 * `sallyport retry`: makes now whatever attempt the profile's agent waits for.
 */
import type { Composition } from '../composition.ts';
import { withRunningAgent } from '../running-agent.ts';
import type { Terminal } from '../terminal.ts';

export async function retry(composition: Composition, terminal: Terminal): Promise<void> {
  await withRunningAgent(composition, ({ handlers }) =>
    handlers.calls['agent.retryNow']({}, { id: 'retry', onGone: () => {} }),
  );
  terminal.event({ event: 'retrying' });
  terminal.say('Trying now. “sallyport status” shows what comes of it.');
}
