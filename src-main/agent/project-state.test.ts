/**
 * What is wrong beside the services themselves, in the words for where the agent runs.
 */
import { expect, it } from 'vitest';

import { projectWarnings } from './project-state.ts';

const fine = {
  store: null,
  corruptBackup: null,
  strength: null,
  engine: null,
  lease: null,
  connector: null,
  leftBehind: [],
  lacksEdges: null,
};

it.each([
  ['electron', 'SP_SECRETS_WEAK', /keyring/],
  ['headless', 'SP_SECRETS_PLAIN', /encrypted disk/],
] as const)('advises what helps where the key is not encrypted: %s', (runtime, code, advice) => {
  const [warning, ...others] = projectWarnings({ ...fine, strength: 'weak', runtime });
  expect(warning).toMatchObject({ code, severity: 'info', action: expect.stringMatching(advice) });
  expect(others).toEqual([]);
  expect(projectWarnings({ ...fine, strength: 'system', runtime })).toEqual([]);
});
