import { expect, test } from 'vitest';

import type { TunnelSession } from '#tunnel/edge/session.ts';

import { createSessions } from './sessions.ts';

const connector = { namespace: 'default', name: 'laptop', uid: 'uid-1' };

type Knobs = { openStreams: number; draining: boolean };

function session(id: string): {
  readonly session: TunnelSession;
  readonly knobs: Knobs;
  readonly isClosed: () => boolean;
} {
  const knobs = { openStreams: 0, draining: false };
  const listeners: (() => void)[] = [];
  let closed = false;
  const made = {
    id,
    connector,
    publicKey: 'ab',
    get openStreams() {
      return knobs.openStreams;
    },
    get draining() {
      return knobs.draining;
    },
    close: () => {
      closed = true;
      for (const listener of listeners) listener();
    },
    onClose: (listener: () => void) => {
      listeners.push(listener);
      return () => {};
    },
  };
  return { session: made as unknown as TunnelSession, knobs, isClosed: () => closed };
}

test('the least busy session that takes requests is chosen', () => {
  const sessions = createSessions(() => {});
  const [a, b, c] = [session('a'), session('b'), session('c')];
  for (const each of [a, b, c]) sessions.add(each.session);
  a.knobs.openStreams = 3;
  b.knobs.openStreams = 1;
  c.knobs.draining = true;
  expect(sessions.choose(connector)?.id).toBe('b');
  expect(sessions.choose(connector, new Set([b.session]))?.id).toBe('a');
  expect(sessions.choose(connector, new Set([a.session, b.session]))).toBeNull();
  expect(sessions.choose({ namespace: 'other', name: 'laptop' })).toBeNull();
  b.session.close();
  expect(sessions.choose(connector)?.id).toBe('a');
});

test('one connector cannot take the room of all', () => {
  const sessions = createSessions(() => {});
  const all = Array.from({ length: 17 }, (_, index) => session(String(index)));
  for (const each of all) sessions.add(each.session);
  expect(all.map(({ isClosed }) => isClosed()).indexOf(true)).toBe(0);
  expect(sessions.of(connector)).toHaveLength(16);
});

test('sessions end by what they were admitted for', () => {
  const sessions = createSessions(() => {});
  const one = session('a');
  sessions.add(one.session);
  sessions.closeWhere(connector, ({ publicKey }) => publicKey !== 'ab');
  expect(one.isClosed()).toBe(false);
  sessions.closeWhere(connector, ({ publicKey }) => publicKey !== 'cd');
  expect(one.isClosed()).toBe(true);
  expect(sessions.of(connector)).toEqual([]);
});

test('tells of each session that comes or goes', () => {
  const told: string[] = [];
  const sessions = createSessions(({ namespace, name }) => told.push(`${namespace}/${name}`));
  const one = session('a');
  sessions.add(one.session);
  expect(told).toEqual(['default/laptop']);
  one.session.close();
  expect(told).toEqual(['default/laptop', 'default/laptop']);
});
