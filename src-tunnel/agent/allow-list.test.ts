/**
 * Which targets the agent takes requests to, and which addresses it dials for them.
 */
import { expect, test } from 'vitest';

import type { AllowedTarget } from '#contract/engine.ts';

import { parseAuthority } from './address.ts';
import { addressesOf, createAllowList, NotAllowed } from './allow-list.ts';

function admits(entry: string, authority: string): boolean {
  const [host = '', port = ''] = entry.split(/:(?=\d+$)/);
  const target: AllowedTarget = { host, port: Number(port), protocol: 'TCP' };
  const parsed = parseAuthority(authority, 80);
  return parsed !== null && createAllowList([target]).admits(parsed);
}

test.each([
  ['127.0.0.1:3000', '127.0.0.1:3000'],
  ['localhost:3000', 'localhost:3000'],
  ['localhost:3000', 'LOCALHOST:3000'],
  ['localhost:3000', 'localhost.:3000'],
  ['localhost:3000', '127.0.0.1:3000'],
  ['localhost:3000', '[::1]:3000'],
  ['::1:3000', '[::1]:3000'],
  ['::1:3000', '[0:0:0:0:0:0:0:1]:3000'],
  ['127.0.0.1:3000', '[::ffff:127.0.0.1]:3000'],
  ['127.0.0.1:3000', '[::ffff:7f00:1]:3000'],
  ['192.168.1.5:80', '192.168.1.5'],
  ['db.corp:5432', 'DB.corp.:5432'],
])('an entry %s admits %s', (entry, authority) => {
  expect(admits(entry, authority)).toBe(true);
});

test.each([
  ['127.0.0.1:3000', '127.0.0.1:3001'],
  ['127.0.0.1:3000', 'localhost:3000'],
  ['127.0.0.1:3000', '127.0.0.2:3000'],
  ['127.0.0.1:3000', '127.1:3000'],
  ['127.0.0.1:3000', '2130706433:3000'],
  ['127.0.0.1:3000', '0177.0.0.1:3000'],
  ['127.0.0.1:3000', '0x7f000001:3000'],
  ['127.0.0.1:3000', '127.0.0.1@evil.example:3000'],
  ['127.0.0.1:3000', 'evil.example:3000'],
  ['127.0.0.1:3000', '127.0.0.1:3000:80'],
  ['127.0.0.1:3000', '127.0.0.1:03000000'],
  ['127.0.0.1:3000', '127.0.0.1:3000/'],
  ['127.0.0.1:3000', '127.0.0.1:0'],
  ['127.0.0.1:3000', ''],
  ['localhost:3000', '127.0.0.2:3000'],
  ['localhost:3000', 'sub.localhost:3000'],
  ['localhost:3000', '0.0.0.0:3000'],
  ['db.corp:5432', 'xdb.corp:5432'],
  ['db.corp:5432', 'db.corp:5433'],
  ['fe80::1:80', '[fe80::1%eth0]:80'],
])('an entry %s does not admit %s', (entry, authority) => {
  expect(admits(entry, authority)).toBe(false);
});

const resolvesTo =
  (...addresses: readonly string[]) =>
  () =>
    Promise.resolve(addresses);

test('localhost is both loopback addresses, without a resolver', async () => {
  const noLookup = () => Promise.reject(new Error('asked'));
  expect(await addressesOf('localhost', noLookup)).toEqual(['127.0.0.1', '::1']);
  expect(await addressesOf('10.0.0.1', noLookup)).toEqual(['10.0.0.1']);
});

test('a name leads to all its public and private addresses, in order', async () => {
  const lookup = resolvesTo('10.1.2.3', '2001:db8::1', '192.0.2.1', '64:ff9b::c000:201');
  expect(await addressesOf('db.corp', lookup)).toEqual(['10.1.2.3', '2001:db8::1', '192.0.2.1', '64:ff9b::c000:201']);
});

test.each([
  '127.0.0.1',
  '127.8.8.8',
  '0.0.0.0',
  '169.254.169.254',
  '169.254.1.1',
  '100.100.100.200',
  '168.63.129.16',
  '224.0.0.1',
  '255.255.255.255',
  '::1',
  '::',
  '::127.0.0.1',
  '::ffff:127.0.0.1',
  '::ffff:169.254.169.254',
  '64:ff9b::7f00:1',
  '64:ff9b::a9fe:a9fe',
  '2002:7f00:1::',
  'fe80::1',
  'fe80::1%lo',
  'fd00:ec2::254',
  'ff02::1',
  'not an address',
])('a name never leads to %s', async (address) => {
  await expect(addressesOf('rebind.example', resolvesTo(address))).rejects.toBeInstanceOf(NotAllowed);
  // A harmless answer beside it does not smuggle it in.
  expect(await addressesOf('rebind.example', resolvesTo(address, '192.0.2.1'))).toEqual(['192.0.2.1']);
});
