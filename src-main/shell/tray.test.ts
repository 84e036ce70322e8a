import type { Menu, NativeImage, Tray } from 'electron';
import { describe, expect, test } from 'vitest';

import { hasTrayHost } from './tray-host.ts';
import { trayImagePath } from './tray-images.ts';
import { trayMenu, traySign, trayTitle, type TrayActions, type TrayItem, type TraySign } from './tray-menu.ts';
import { showTray } from './tray.ts';
import { serviceWith, stateWith } from './testing/agent-states.ts';

function recordingActions(): { readonly done: string[]; readonly actions: TrayActions } {
  const done: string[] = [];
  return {
    done,
    actions: {
      showWindow: () => done.push('show'),
      hideWindow: () => done.push('hide'),
      setEnabled: (name, enabled) => done.push(`${name} ${enabled ? 'on' : 'off'}`),
      quit: () => done.push('quit'),
    },
  };
}

const labels = (items: readonly TrayItem[]): string[] => items.map((item) => ('label' in item ? item.label : '-'));

function click(items: readonly TrayItem[], label: string): void {
  const item = items.find((candidate) => 'label' in candidate && candidate.label === label);
  if (item === undefined || !('click' in item)) throw new Error(`“${label}” cannot be clicked.`);
  item.click();
}

describe('the menu', () => {
  const services = [
    serviceWith({ name: 'api' }),
    serviceWith({ name: 'web', enabled: false, phase: 'off' }),
    serviceWith({ name: 'old', phase: 'removing' }),
  ];

  test('lists each service with its state, and always show or hide and quit', () => {
    const { actions } = recordingActions();
    expect(labels(trayMenu(stateWith(services), true, actions))).toEqual([
      '1 of 2 services ready',
      '-',
      'api (ready)',
      'web (off)',
      'old (being removed…)',
      '-',
      'Hide Sallyport',
      '-',
      'Quit Sallyport',
    ]);
    expect(labels(trayMenu(null, false, actions))).toEqual([
      'Sallyport is starting…',
      '-',
      'Show Sallyport',
      '-',
      'Quit Sallyport',
    ]);
  });

  test('switches services', () => {
    const { done, actions } = recordingActions();
    const menu = trayMenu(stateWith(services), false, actions);
    click(menu, 'api (ready)');
    click(menu, 'web (off)');
    click(menu, 'Show Sallyport');
    click(menu, 'Quit Sallyport');
    expect(done).toEqual(['api off', 'web on', 'show', 'quit']);
    expect(() => click(menu, 'old (being removed…)')).toThrow();
  });

  test('stays short, and sends to the window for the rest', () => {
    const many = Array.from({ length: 40 }, (_, i) => serviceWith({ name: `s${i}` }));
    const found = labels(trayMenu(stateWith(many), false, recordingActions().actions));
    expect(found.length).toBeLessThan(25);
    expect(found).toContain('25 more in the window');
  });
});

describe('the sign', () => {
  test.each<[TraySign, Parameters<typeof traySign>[0]]>([
    ['connecting', null],
    ['off', stateWith([])],
    ['off', stateWith([serviceWith({ enabled: false, phase: 'off' })])],
    ['online', stateWith([serviceWith({})])],
    ['connecting', stateWith([serviceWith({}), serviceWith({ phase: 'publishing' })])],
    ['problem', stateWith([serviceWith({}), serviceWith({ phase: 'failing' })])],
  ])('is %s', (sign, state) => expect(traySign(state)).toBe(sign));

  test('has an image of its own on each system, a template on macOS', () => {
    expect(trayImagePath('/a', 'online', 'linux')).toBe('/a/tray/online-22.png');
    expect(trayImagePath('/a', 'problem', 'win32')).toMatch(/problem-32\.png$/);
    expect(trayImagePath('/a', 'problem', 'darwin')).toBe('/a/tray/trayTemplate.png');
  });

  test('the title counts what is wanted', () => {
    expect(trayTitle(stateWith([]))).toBe('Nothing is published');
    expect(trayTitle(stateWith([serviceWith({})]))).toBe('1 of 1 service ready');
  });
});

test('the icon is only touched when something on it changes', () => {
  const touched: string[] = [];
  const tray = {
    on: () => {},
    setImage: () => touched.push('image'),
    setToolTip: (text: string) => touched.push(text),
    setContextMenu: () => touched.push('menu'),
    destroy: () => touched.push('destroyed'),
  };
  const icon = showTray({
    create: () => tray as unknown as Tray,
    imageOf: () => ({}) as NativeImage,
    buildMenu: () => ({}) as Menu,
    actions: recordingActions().actions,
  });
  icon.update(stateWith([serviceWith({})]), true);
  icon.update({ ...stateWith([serviceWith({})]), revision: 9 }, true);
  expect(touched).toEqual(['image', 'Sallyport: 1 of 1 service ready', 'menu']);
});

describe('whether the desktop shows a tray', () => {
  const bus = { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/x' };
  test.each([
    ['a desktop with a tray', 'linux', bus, '   boolean true\n', true],
    ['a desktop without one', 'linux', bus, '   boolean false\n', false],
    ['a bus that does not answer', 'linux', bus, null, false],
    ['no session bus', 'linux', {}, '   boolean true\n', false],
    ['macOS', 'darwin', {}, null, true],
    ['Windows', 'win32', {}, null, true],
  ] as const)('%s', async (_what, platform, env, output, expected) => {
    expect(await hasTrayHost({ platform, env, run: () => Promise.resolve(output) })).toBe(expected);
  });
});
