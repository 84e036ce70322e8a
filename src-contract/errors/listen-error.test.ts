import { expect, test } from 'vitest';

import { listenError } from './listen-error.ts';

const failure = (fields: object): Error => Object.assign(new Error('listen'), fields);

test.each([
  [
    { syscall: 'listen', code: 'EADDRINUSE', address: '127.0.0.1', port: 80 },
    '127.0.0.1:80',
    'Another program listens there.',
  ],
  [{ syscall: 'listen', code: 'EACCES', address: '::1', port: 80 }, '[::1]:80', 'This account may not listen there.'],
  [{ syscall: 'getaddrinfo', code: 'ENOTFOUND', hostname: 'nowhere' }, 'nowhere', 'The name does not resolve.'],
  [{ syscall: 'listen', code: 'EIO', address: '::', port: 1 }, '[::]:1', 'The system says EIO.'],
])('%j', (fields, address, reason) => {
  expect(listenError(failure(fields))?.values).toEqual({ address, reason });
});

test('leaves other errors alone', () => {
  expect(listenError(failure({ syscall: 'connect', code: 'ECONNREFUSED' }))).toBeNull();
  expect(listenError('EADDRINUSE')).toBeNull();
});
