/**
 * Locks the app down before any window exists: nothing remote loads, nothing navigates, nothing is permitted.
 *
 * Electron's security checklist item by item; docs/security.md lists which line answers which item.
 */
import type { App, Session, WebContents } from 'electron';

import { isAppUrl } from './app-url.ts';

/** Permissions that a page may have: copying text after a click. */
const permitted: ReadonlySet<string> = new Set(['clipboard-sanitized-write']);

/** Puts every renderer into Chromium's sandbox, whatever a window asks for. Before `ready`. */
export function enableSandbox(app: Pick<App, 'enableSandbox' | 'commandLine'>): void {
  // SECURITY: sandbox for all. Where the whole browser was started without one (as root), the call would leave
  // Chromium's services with switches they cannot start with.
  if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox();
}

/** Confines what pages of `session` may load, ask for and store. */
export function confineSession(
  session: Pick<
    Session,
    | 'setPermissionRequestHandler'
    | 'setPermissionCheckHandler'
    | 'setDevicePermissionHandler'
    | 'setSpellCheckerEnabled'
    | 'webRequest'
    | 'on'
  >,
  { devTools }: { readonly devTools: boolean },
): void {
  // SECURITY: Electron grants what nobody denies.
  session.setPermissionRequestHandler((_contents, permission, decide) => decide(permitted.has(permission)));
  session.setPermissionCheckHandler((_contents, permission) => permitted.has(permission));
  session.setDevicePermissionHandler(() => false);
  // SECURITY: the page reaches its own files and nothing else; the agent does the talking.
  session.webRequest.onBeforeRequest(({ url }, decide) => {
    const isOwn = isAppUrl(url) || (devTools && url.startsWith('devtools://'));
    decide({ cancel: !isOwn });
  });
  session.on('will-download', (event) => event.preventDefault());
  // The spell checker would fetch dictionaries.
  session.setSpellCheckerEnabled(false);
}

/**
 * Confines a web contents of any kind. `openExternal` gets an address that a page wanted to open in a window of its
 * own, and decides what to do with it.
 */
export function confineContents(
  contents: Pick<WebContents, 'on' | 'setWindowOpenHandler'>,
  openExternal: (address: string) => void,
): void {
  const stayInApp = (details: { readonly url: string; preventDefault(): void }): void => {
    // SECURITY: the window shows the app and never becomes a browser.
    if (!isAppUrl(details.url)) details.preventDefault();
  };
  contents.on('will-navigate', stayInApp);
  contents.on('will-redirect', stayInApp);
  contents.on('will-frame-navigate', stayInApp);
  // SECURITY: no second window, ever; published addresses go to the person's browser instead.
  contents.setWindowOpenHandler(({ url }) => {
    openExternal(url);
    return { action: 'deny' };
  });
  // SECURITY: no <webview>, whose options a page could choose.
  contents.on('will-attach-webview', (event) => event.preventDefault());
}

/** How every window is made: isolated, sandboxed, without Node. */
export function pagePreferences(options: {
  readonly preload: string;
  readonly devTools: boolean;
}): Electron.WebPreferences {
  return {
    preload: options.preload,
    // SECURITY: these are Electron's defaults today; stated, so that they stay.
    contextIsolation: true,
    sandbox: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    experimentalFeatures: false,
    webviewTag: false,
    navigateOnDragDrop: false,
    safeDialogs: true,
    spellcheck: false,
    devTools: options.devTools,
  };
}
