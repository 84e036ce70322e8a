import { describe, expect, it } from 'vitest';

import type { Listener } from './listing/listener.ts';
import { mergeListeners } from './merge-listeners.ts';
import { offersOf, type KnownService } from './offers.ts';
import { identityOf, type Identity } from './probes/identity.ts';
import { guess } from './probes/well-known.ts';
import { projectOf } from './project-folder.ts';
import { isToolProgram } from './tool-programs.ts';

const home = '/home/mira';

function listener(address: string, port: number, more: Partial<Listener> = {}): Listener {
  return { address, port, pid: null, process: null, directory: null, ...more };
}

/** What a person is offered when `listeners` are found and each identified by `identify`. */
function offered(
  listeners: readonly Listener[],
  identify: (listening: Listener) => Identity = ({ port, process }) => guess(port, process),
  known: readonly KnownService[] = [],
) {
  const found = mergeListeners(listeners).map((listening) => ({ listening, identity: identify(listening) }));
  return offersOf(found, known, home);
}

describe('what is one service', () => {
  it('is what one process listens on, on both kinds of loopback or everywhere', () => {
    const pid = { pid: 7 };
    const found = mergeListeners([
      listener('::1', 3000, pid),
      listener('127.0.0.1', 3000, pid),
      listener('127.0.0.1', 8080, pid),
      listener('0.0.0.0', 8080, pid),
      listener('::', 8081, pid),
    ]);
    expect(found.map(({ address, port, reachedAt }) => [port, address, reachedAt])).toEqual([
      [3000, '127.0.0.1', '127.0.0.1'],
      [8080, '0.0.0.0', '127.0.0.1'],
      [8081, '::', '::1'],
    ]);
  });

  it('is a parent with its workers, under the name of the parent', () => {
    const found = mergeListeners([
      listener('0.0.0.0', 80, { pid: 812, process: 'worker' }),
      listener('0.0.0.0', 80, { pid: 811, process: 'nginx' }),
    ]);
    expect(found).toMatchObject([{ pid: 811, process: 'nginx' }]);
  });

  it('is told from another one on the same port by its address', () => {
    const offers = offered([listener('127.0.0.1', 3000, { pid: 7 }), listener('::1', 3000, { pid: 8 })]);
    expect(offers.map(({ suggestedTarget }) => suggestedTarget.host)).toEqual(['127.0.0.1', '::1']);
  });

  it('is offered only if this machine reaches it by itself', () => {
    const offers = offered([listener('192.0.2.7', 3000), listener('fe80::1', 3000), listener('fd00::7', 3000)]);
    expect(offers).toEqual([]);
  });
});

describe('the target that is suggested', () => {
  it.each([
    ['127.0.0.1', 'localhost', false],
    ['::1', 'localhost', false],
    ['0.0.0.0', 'localhost', true],
    ['::', 'localhost', true],
    ['127.0.0.53', '127.0.0.53', false],
  ])('for what listens on %s is %s', (address, host, openToNetwork) => {
    expect(offered([listener(address, 3000)])).toMatchObject([
      { address, openToNetwork, suggestedTarget: { host, port: 3000 } },
    ]);
  });
});

describe('the order', () => {
  it('is web apps first, those that have shown themselves before guesses, tools last', () => {
    const node = { pid: 1, process: 'node', directory: '/home/mira/shop' };
    const identities: Readonly<Record<number, Identity>> = {
      3000: identityOf('http', { title: 'Shop' }),
      8080: identityOf('http'),
      5432: identityOf('postgresql'),
      6379: identityOf('redis'),
      9229: identityOf('debugger'),
    };
    const offers = offered(
      [
        listener('127.0.0.1', 9229, node),
        listener('127.0.0.1', 9222, { process: 'chrome' }),
        listener('127.0.0.1', 6379),
        listener('127.0.0.1', 8000),
        listener('127.0.0.1', 5432),
        listener('127.0.0.1', 8080),
        listener('127.0.0.1', 3000, node),
        listener('127.0.0.1', 49_731),
      ],
      ({ port, process }) => identities[port] ?? guess(port, process),
    );
    expect(offers.map(({ group, port }) => [group, port])).toEqual([
      ['web', 3000],
      ['web', 8080],
      ['web', 8000],
      ['service', 5432],
      ['service', 6379],
      ['background', 9229],
      ['background', 9222],
      ['background', 49_731],
    ]);
  });
});

describe('the name that is suggested', () => {
  const name = (port: number, kind: Identity['kind'], directory: string | null): string | undefined =>
    offered([listener('127.0.0.1', port, { directory })], () => identityOf(kind))[0]?.suggestedName;

  it.each([
    [3000, 'http', '/home/mira/Code/Web Shop', 'web-shop'],
    [3000, 'http', '/home/mira/Überraschung_2', 'uberraschung-2'],
    [3000, 'http', '/home/mira/東京', 'app-3000'],
    [3000, 'http', '/home/mira/2048-game', 'game'],
    [3000, 'http', `/srv/${'a'.repeat(60)}`, 'a'.repeat(36)],
    [3000, 'http', home, 'app-3000'],
    [3000, 'http', null, 'app-3000'],
    [5432, 'postgresql', '/home/mira/shop', 'postgresql-5432'],
  ] as const)('for port %i of %s in %s is %s', (port, kind, directory, expected) => {
    expect(name(port, kind, directory)).toBe(expected);
  });

  it('is given once, and to no service that the agent has', () => {
    const shop = { pid: 1, directory: '/home/mira/shop' };
    const offers = offered(
      [listener('127.0.0.1', 3000, shop), listener('127.0.0.1', 3001, shop), listener('127.0.0.1', 3002, shop)],
      () => identityOf('http'),
      [{ name: 'shop-2', host: 'localhost', port: 9999 }],
    );
    expect(offers.map(({ suggestedName }) => suggestedName)).toEqual(['shop', 'shop-3', 'shop-4']);
  });
});

describe('what the agent has already', () => {
  it.each([
    ['127.0.0.1', 'localhost', 'mine'],
    ['127.0.0.1', '127.0.0.1', 'mine'],
    ['::', '127.0.0.1', 'mine'],
    ['0.0.0.0', 'localhost', 'mine'],
    ['127.0.0.2', 'localhost', null],
    ['127.0.0.2', '127.0.0.2', 'mine'],
    ['127.0.0.1', 'db.corp', null],
  ])('on %s is known when it is exposed as %s: %s', (address, host, exposedAs) => {
    const [offer] = offered([listener(address, 3000)], undefined, [{ name: 'mine', host, port: 3000 }]);
    expect(offer).toMatchObject({ exposedAs, suggestedName: exposedAs ?? 'app-3000' });
  });

  it('is not mixed up with another port', () => {
    const [offer] = offered([listener('127.0.0.1', 3000)], undefined, [
      { name: 'mine', host: 'localhost', port: 3001 },
    ]);
    expect(offer?.exposedAs).toBeNull();
  });
});

it.each([
  ['/home/mira/shop', 'shop'],
  ['/home/mira/shop/', 'shop'],
  ['/srv/www', 'www'],
  [home, null],
  ['/', null],
  ['/var/lib/postgresql/15/main', null],
  ['/usr/share/app', null],
  ['/variety/show', 'show'],
  [null, null],
])('the project of %s is %s', (directory, project) => {
  expect(projectOf(directory, home)).toBe(project);
});

it.each([
  ['Google Chrome Helper', true],
  ['chromium-browser', true],
  ['Code Helper (Plugin)', true],
  ['svchost.exe', true],
  ['idea64.exe', true],
  ['systemd-resolve', true],
  ['ControlCe', true],
  ['node', false],
  ['python3.11', false],
  ['codegen-server', false],
  ['com.docker.backend', false],
  [null, false],
])('%s is a tool: %s', (program, isTool) => {
  expect(isToolProgram(program)).toBe(isTool);
});
