import { expect, test } from 'vitest';

import { AgentError, problemOf, toAgentError } from './agent-error.ts';
import { errorRegistry, type ErrorCode, type ErrorEntry } from './registry.ts';

const entries = Object.entries(errorRegistry) as [ErrorCode, ErrorEntry][];

test.each(entries)('%s says what happened, why, and the one thing to do', (code, entry) => {
  expect(code).toMatch(/^SP_[A-Z]+(_[A-Z]+)*$/);
  expect(entry.title).not.toMatch(/[.!]$/);
  expect(entry.action).toMatch(/\.$/);
  expect(entry.detail).toMatch(/(\.|\{reason\})$/);
});

test('arguments are filled into every part, and a missing one stays visible', () => {
  expect(problemOf('SP_ORIGIN_TIMEOUT', { target: '127.0.0.1:3000', seconds: 10 })).toEqual({
    code: 'SP_ORIGIN_TIMEOUT',
    title: '127.0.0.1:3000 does not answer',
    detail: 'The connection was not answered within 10 s.',
    action: 'Check that the service on 127.0.0.1:3000 is not stuck.',
  });
  expect(problemOf('SP_ORIGIN_REFUSED').title).toBe('Nothing listens on {target}');
});

test('an error of unknown origin keeps its cause and gets a code', () => {
  const cause = new RangeError('out of range');
  const error = toAgentError(cause);
  expect(error.code).toBe('SP_INTERNAL');
  expect(error.cause).toBe(cause);
  expect(error.problem.detail).toBe('out of range');
  expect(toAgentError(error)).toBe(error);
  expect(new AgentError('SP_INPUT_PORT', { value: 'x' }).class).toBe('terminal');
});
