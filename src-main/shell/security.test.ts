import { describe, expect, test } from 'vitest';

import { publishedUrl } from './external-links.ts';
import { confineContents, confineSession, enableSandbox, pagePreferences } from './security.ts';
import { serviceWith, stateWith } from './testing/agent-states.ts';

type Session = Parameters<typeof confineSession>[0];
type Contents = Parameters<typeof confineContents>[0];
type Listener = (...args: never[]) => unknown;

function confinedSession(devTools: boolean) {
  const set: Record<string, Listener> = {};
  const events: Record<string, Listener> = {};
  const keep =
    (name: string) =>
    (handler: unknown): void => {
      set[name] = handler as Listener;
    };
  confineSession(
    {
      setPermissionRequestHandler: keep('request'),
      setPermissionCheckHandler: keep('check'),
      setDevicePermissionHandler: keep('device'),
      setSpellCheckerEnabled: () => {},
      webRequest: { onBeforeRequest: keep('beforeRequest') },
      on: (name: string, listener: Listener) => {
        events[name] = listener;
      },
    } as unknown as Session,
    { devTools },
  );
  const call = (name: string, ...args: unknown[]): unknown => set[name]?.(...(args as never[]));
  return {
    asks: (permission: string): unknown => {
      let granted: unknown = 'not decided';
      call('request', null, permission, (decision: unknown) => (granted = decision));
      return granted;
    },
    has: (permission: string): unknown => call('check', null, permission),
    device: (): unknown => call('device', {}),
    loads: (url: string): boolean => {
      let cancelled: boolean | undefined;
      call('beforeRequest', { url }, ({ cancel }: { cancel: boolean }) => (cancelled = cancel));
      return cancelled === false;
    },
    events,
  };
}

function confinedContents() {
  const events: Record<string, Listener> = {};
  const opened: string[] = [];
  let openHandler: Listener = () => {};
  confineContents(
    {
      on: (name: string, listener: Listener) => {
        events[name] = listener;
      },
      setWindowOpenHandler: (handler: Listener) => {
        openHandler = handler;
      },
    } as unknown as Contents,
    (address) => opened.push(address),
  );
  const prevented = (event: string, url?: string): boolean => {
    let stopped = false;
    events[event]?.(...([{ url, preventDefault: () => (stopped = true) }] as never[]));
    return stopped;
  };
  return { prevented, opened, open: (url: string): unknown => openHandler(...([{ url }] as never[])) };
}

describe('the session', () => {
  const permissions = ['media', 'geolocation', 'notifications', 'clipboard-read', 'openExternal', 'hid', 'unknown-yet'];
  test.each(permissions)('does not permit %s', (permission) => {
    const session = confinedSession(false);
    expect(session.asks(permission)).toBe(false);
    expect(session.has(permission)).toBe(false);
  });

  test('permits copying, and no device', () => {
    const session = confinedSession(false);
    expect(session.asks('clipboard-sanitized-write')).toBe(true);
    expect(session.has('clipboard-sanitized-write')).toBe(true);
    expect(session.device()).toBe(false);
  });

  test.each([
    'https://example.com/',
    'http://127.0.0.1:3000/',
    'ws://127.0.0.1/',
    'file:///etc/passwd',
    'app://other/',
  ])('does not load %s', (url) => expect(confinedSession(true).loads(url)).toBe(false));

  test('loads the app, and developer tools only where they are on', () => {
    expect(confinedSession(false).loads('app://agent/assets/index.js')).toBe(true);
    expect(confinedSession(true).loads('devtools://devtools/bundled/inspector.html')).toBe(true);
    expect(confinedSession(false).loads('devtools://devtools/bundled/inspector.html')).toBe(false);
  });

  test('downloads nothing', () => {
    let stopped = false;
    confinedSession(false).events['will-download']?.(...([{ preventDefault: () => (stopped = true) }] as never[]));
    expect(stopped).toBe(true);
  });
});

describe('a page', () => {
  test.each(['will-navigate', 'will-redirect', 'will-frame-navigate'])('stays in the app on %s', (event) => {
    const contents = confinedContents();
    expect(contents.prevented(event, 'https://example.com/')).toBe(true);
    expect(contents.prevented(event, 'app://agent.example/')).toBe(true);
    expect(contents.prevented(event, 'file:///etc/passwd')).toBe(true);
    expect(contents.prevented(event, 'app://agent/index.html')).toBe(false);
  });

  test('opens no window; the address goes to the one who decides', () => {
    const contents = confinedContents();
    expect(contents.open('http://demo.localhost:20080/')).toEqual({ action: 'deny' });
    expect(contents.opened).toEqual(['http://demo.localhost:20080/']);
  });

  test('embeds no webview', () => expect(confinedContents().prevented('will-attach-webview')).toBe(true));

  test('is isolated, sandboxed and without Node', () => {
    expect(pagePreferences({ preload: '/p', devTools: false })).toMatchObject({
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      devTools: false,
    });
  });
});

describe('an address that a page wants to open', () => {
  const state = stateWith([serviceWith({}), serviceWith({ name: 'new', url: null, phase: 'publishing' })]);

  test.each([
    ['http://demo.localhost:20080', 'http://demo.localhost:20080/'],
    ['http://demo.localhost:20080/path?q=1', 'http://demo.localhost:20080/path?q=1'],
  ])('is opened if it was published: %s', (address, expected) => expect(publishedUrl(address, state)).toBe(expected));

  test.each([
    'https://example.com/',
    'http://demo.localhost:20081/',
    'https://demo.localhost:20080/',
    'http://demo.localhost.example:20080/',
    'http://user@demo.localhost:20080/',
    'http://demo.localhost:20080@example.com/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'smb://demo.localhost:20080/',
    'null',
    '',
  ])('is not opened otherwise: %s', (address) => expect(publishedUrl(address, state)).toBeNull());

  test('is not opened before the agent has said anything', () => {
    expect(publishedUrl('http://demo.localhost:20080', null)).toBeNull();
  });
});

test('the sandbox is on for all, except where the browser was started without one', () => {
  const calls: string[] = [];
  const app = (switches: readonly string[]) =>
    ({
      enableSandbox: () => calls.push('sandbox'),
      commandLine: { hasSwitch: (name: string) => switches.includes(name) },
    }) as unknown as Parameters<typeof enableSandbox>[0];
  enableSandbox(app(['no-sandbox']));
  expect(calls).toEqual([]);
  enableSandbox(app([]));
  expect(calls).toEqual(['sandbox']);
});
