import { inspect } from 'node:util';

import { expect, test } from 'vitest';

import { Secret } from './secret.ts';

const secret = new Secret('hunter2');

test('is revealed only when asked', () => {
  expect(secret.reveal()).toBe('hunter2');
});

test.each([
  ['JSON', () => JSON.stringify({ nested: [secret] })],
  ['a concatenation', () => 'token ' + String(secret)],
  ['inspect', () => inspect({ secret }, { depth: 9, showHidden: true })],
  ['its keys', () => JSON.stringify(Object.entries(secret))],
  ['a copy', () => JSON.stringify(Object.assign({}, secret))],
])('does not leave through %s', (_name, render) => {
  expect(render()).not.toContain('hunter2');
});
