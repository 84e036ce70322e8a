/**
 * For every history of writes: a list of some version, and what a watch tells from there on, make the list of now.
 */
import { array, assert, asyncProperty, constantFrom, nat, record, type Arbitrary } from 'fast-check';

import type { ApiClient, WatchEvent } from '../api-client.ts';
import { kinds, manifestOf, newName, type Body } from './manifests.ts';
import { check, expect } from './servers.ts';

const connectors = kinds.Connector.path;

/** What is done to one of a few connectors; `hide` and `show` move it out of the selection and back. */
type Step = { readonly action: 'create' | 'touch' | 'hide' | 'show' | 'delete'; readonly name: 'a' | 'b' | 'c' };
const step: Arbitrary<Step> = record({
  action: constantFrom('create', 'touch', 'hide', 'show', 'delete'),
  name: constantFrom('a', 'b', 'c'),
});

async function act(client: ApiClient, own: string, { action, name }: Step, nonce: number): Promise<void> {
  const at = `${connectors}/${own}-${name}`;
  const label = (labels: object): Promise<unknown> => client.call('PATCH', at, { metadata: { labels } });
  // Some are refused, since what they are about is not there or is there already. That is part of the history.
  if (action === 'create') {
    await client.call('POST', connectors, manifestOf('Connector', `${own}-${name}`, { labels: { own, shown: 'yes' } }));
  } else if (action === 'touch') await label({ nonce: String(nonce) });
  else if (action === 'hide') await label({ shown: 'no' });
  else if (action === 'show') await label({ shown: 'yes' });
  else await client.call('DELETE', at);
}

/** Names and versions. */
type State = ReadonlyMap<string, string>;

const entryOf = ({ metadata }: Body): [string, string] => [metadata.name, metadata.resourceVersion];

/** The state after `events`. Throws where an event does not fit what the watcher knows. */
function replay(start: State, events: readonly WatchEvent[]): State {
  const state = new Map(start);
  let last = 0;
  for (const { type, object } of events) {
    const [name, version] = entryOf(object as Body);
    expect(Number(version), 'versions only grow').toBeGreaterThan(last);
    expect(state.has(name), `${type} of ${name}`).toBe(type !== 'ADDED');
    last = Number(version);
    if (type === 'DELETED') state.delete(name);
    else state.set(name, version);
  }
  return state;
}

check('a list and the watch from its version make the list of now', async ({ as: { admin } }) => {
  const histories = array(step, { minLength: 1, maxLength: 16 });
  await assert(
    asyncProperty(histories, nat({ max: 15 }), async (steps, listAt) => {
      const own = newName('replay');
      const labelSelector = `own=${own},shown=yes`;
      const list = async (): Promise<{ readonly state: State; readonly version: string }> => {
        const { body } = await admin.call('GET', `${connectors}?${new URLSearchParams({ labelSelector })}`);
        const { items, metadata } = body as Body;
        return { state: new Map(items.map(entryOf)), version: metadata.resourceVersion };
      };
      let start = await list();
      for (const [index, each] of steps.entries()) {
        if (index === listAt) start = await list();
        await act(admin, own, each, index);
      }
      const now = await list();
      const query = new URLSearchParams({ watch: 'true', labelSelector, resourceVersion: start.version });
      const watching = await admin.watch(`${connectors}?${query}`);
      await expect
        .poll(() => replay(start.state, watching.events), { intervals: [10, 20, 50, 100] })
        .toEqual(now.state);
      watching.close();
    }),
    { numRuns: 12 },
  );
});
