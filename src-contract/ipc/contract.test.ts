import { expect, test } from 'vitest';

import { contract, serviceName } from './contract.ts';

test.each(['a', 'my-app', 'a1', `a${'b'.repeat(39)}`])('“%s” can be a name', (name) => {
  expect(serviceName.safeParse(name).success).toBe(true);
});

test.each(['', 'My-App', '1a', '-a', 'a-', 'a b', 'a.b', `a${'b'.repeat(40)}`])('“%s” cannot be a name', (name) => {
  expect(serviceName.safeParse(name).success).toBe(false);
});

test.each([
  ['a port that is none', { name: 'a', host: '127.0.0.1', port: 65_536 }],
  ['a fraction of a port', { name: 'a', host: '127.0.0.1', port: 80.5 }],
  ['no host', { name: 'a', host: '', port: 80 }],
  ['a field that the contract does not know', { name: 'a', host: '127.0.0.1', port: 80, admin: true }],
])('service.expose refuses %s', (_what, params) => {
  expect(contract.calls['service.expose'].params.safeParse(params).success).toBe(false);
});
