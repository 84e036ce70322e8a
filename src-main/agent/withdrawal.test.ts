/**
 * Ending an agent: what was never published keeps nobody waiting.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { openTestAgent } from '../testing/test-agent.ts';

it('does not wait for a playground that is still starting to withdraw what was never published on it', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sp-withdraw-'));
  // Its servers do not exist, so its control plane never answers.
  const agent = await openTestAgent({ directory });
  const caller = { id: 'test', onGone: () => {} };
  await agent.start();
  await agent.handlers.calls['controlPlane.usePlayground']({}, caller);
  await agent.handlers.calls['service.expose'](
    { name: 'held', host: 'localhost', port: 3000, ephemeral: true },
    caller,
  );
  await agent.handlers.calls['service.expose'](
    { name: 'deleted', host: 'localhost', port: 3000, ephemeral: true },
    caller,
  );
  const startedAt = performance.now();
  await agent.handlers.calls['service.delete']({ name: 'deleted' }, caller);
  expect(agent.state.services.map(({ name }) => name)).toEqual(['held']);
  await agent.stop({ withdraw: 'ephemeral' });
  // Far below the 8 s that a withdrawal may take.
  expect(performance.now() - startedAt).toBeLessThan(5000);
  await rm(directory, { recursive: true, force: true });
});
