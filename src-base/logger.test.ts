import { expect, test } from 'vitest';

import { createLogger, silentLogger, type LogLevel } from './logger.ts';
import { Secret } from './secret.ts';

function collectingLogger(level: LogLevel = 'debug') {
  const lines: string[] = [];
  const logger = createLogger({ level, sink: (line) => lines.push(line), now: () => 0, fields: { part: 'test' } });
  const parsed = (): unknown[] => lines.map((line) => JSON.parse(line) as unknown);
  return { logger, lines, parsed };
}

test('writes one JSON object a line: time, level, message, then the fields', () => {
  const { logger, lines } = collectingLogger();
  logger.info('started', { port: 1 });
  expect(lines).toEqual([
    '{"time":"1970-01-01T00:00:00.000Z","level":"info","message":"started","part":"test","port":1}',
  ]);
});

test('leaves out what is below its level', () => {
  const { logger, parsed } = collectingLogger('warn');
  logger.debug('one');
  logger.info('two');
  logger.warn('three');
  logger.error('four');
  expect(parsed()).toMatchObject([{ message: 'three' }, { message: 'four' }]);
});

test('a child adds its fields, the line has the last word', () => {
  const { logger, parsed } = collectingLogger();
  logger.child({ a: 1, b: 1 }).child({ b: 2 }).info('x', { c: 3, part: 'own' });
  expect(parsed()).toMatchObject([{ part: 'own', a: 1, b: 2, c: 3 }]);
});

test('no field takes the place of time, level or message', () => {
  const { logger, parsed } = collectingLogger();
  logger.info('true', { message: 'false', level: 'none', time: 'never' });
  expect(parsed()).toMatchObject([{ message: 'true', level: 'info', time: '1970-01-01T00:00:00.000Z' }]);
});

test('redacts secrets wherever they are, also in errors', () => {
  const { logger, lines } = collectingLogger();
  const secret = new Secret('hunter2');
  logger.child({ secret }).error('x', {
    nested: { list: [secret] },
    error: new Error('outer', { cause: { secret } }),
  });
  expect(lines.join()).toContain('[redacted]');
  expect(lines.join()).not.toContain('hunter2');
});

test('writes errors with code and causes, nested ones too', () => {
  const { logger, parsed } = collectingLogger();
  const inner = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  logger.warn('x', { attempts: [{ error: new Error('failed', { cause: inner }) }] });
  expect(parsed()).toMatchObject([
    {
      attempts: [{ error: { name: 'Error', message: 'failed', cause: { message: 'refused', code: 'ECONNREFUSED' } } }],
    },
  ]);
});

test('only errors of the program carry a stack', () => {
  const { logger, parsed } = collectingLogger();
  logger.warn('x', { bug: new TypeError('no'), weather: new Error('offline') });
  expect(parsed()).toMatchObject([{ bug: { stack: expect.stringContaining('logger.test.ts') as unknown } }]);
  expect(parsed()).not.toMatchObject([{ weather: { stack: expect.anything() as unknown } }]);
});

test('never throws: neither for loops, nor big integers, nor an error that causes itself', () => {
  const { logger, parsed } = collectingLogger();
  const loop: Record<string, unknown> = {};
  loop['loop'] = loop;
  const error = new Error('round');
  error.cause = error;
  logger.info('loop', { loop });
  logger.info('big', { big: 2n ** 70n });
  logger.info('round', { error });
  expect(parsed()).toMatchObject([
    { message: 'loop', unserializable: ['part', 'loop'] },
    { message: 'big', big: '1180591620717411303424' },
    { message: 'round', error: { cause: { message: 'round' } } },
  ]);
});

test('the silent logger says nothing and has children', () => {
  expect(() => silentLogger.child({ a: 1 }).error('x')).not.toThrow();
});
