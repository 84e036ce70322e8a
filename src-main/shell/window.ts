/**
 * The one window: where it opens, what closing it means, what happens when its page crashes.
 */
import type { BrowserWindow, BrowserWindowConstructorOptions, Screen } from 'electron';

import type { Cancel, Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';

import { appUrl } from './app-url.ts';
import { placeWindow, readBounds, smallestSize, writeBounds } from './window-bounds.ts';

export type AppWindow = {
  readonly visible: boolean;
  show(): void;
  hide(): void;
  /** Lets the window close for good from now on. */
  letClose(): void;
};

export type AppWindowOptions = {
  readonly create: (options: BrowserWindowConstructorOptions) => BrowserWindow;
  readonly screen: Pick<Screen, 'getAllDisplays'>;
  readonly webPreferences: Electron.WebPreferences;
  readonly iconPath: string;
  /** File that remembers where the window was. */
  readonly boundsPath: string;
  readonly dark: boolean;
  /** Start without showing it. */
  readonly hidden: boolean;
  /** Before the page loads: whoever serves it binds to its contents here. */
  readonly prepare: (window: BrowserWindow) => void;
  /** The person closed the window: `hide` keeps the app running, `quit` ends it. */
  readonly onClose: () => 'hide' | 'quit';
  readonly onQuit: () => void;
  readonly onVisibility: () => void;
  /** The page crashed again right after it was loaded anew. */
  readonly onBroken: (reason: string) => void;
  readonly clock: Clock;
  readonly log: Logger;
};

/** The page's own colours before it is drawn, so that nothing flashes. */
const background = { light: '#faf9f7', dark: '#131110' } as const;
/** Bounds are written once a drag has paused this long. */
const saveAfterMs = 500;
/** A page that crashes again within this time does not get better by loading it once more. */
const crashWindowMs = 30_000;

export async function openWindow(options: AppWindowOptions): Promise<AppWindow> {
  const { clock, log, onVisibility } = options;
  const saved = await readBounds(options.boundsPath);
  const screens = options.screen.getAllDisplays().map(({ workArea }) => workArea);
  const window = options.create({
    ...placeWindow(saved, screens),
    minWidth: smallestSize.width,
    minHeight: smallestSize.height,
    title: 'Sallyport',
    icon: options.iconPath,
    show: false,
    autoHideMenuBar: true,
    backgroundColor: options.dark ? background.dark : background.light,
    webPreferences: options.webPreferences,
  });
  let mayClose = false;
  let cancelSave: Cancel = () => {};

  const show = (): void => {
    if (window.isDestroyed()) return;
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
  };

  const save = (): void => {
    if (window.isDestroyed() || window.isMinimized()) return;
    void writeBounds(options.boundsPath, { ...window.getNormalBounds(), maximized: window.isMaximized() });
  };
  const saveLater = (): void => {
    cancelSave();
    cancelSave = clock.after(saveAfterMs, save);
  };
  window.on('resize', saveLater);
  window.on('move', saveLater);
  window.on('maximize', saveLater);
  window.on('unmaximize', saveLater);
  window.on('show', onVisibility);
  window.on('hide', onVisibility);

  window.on('close', (event) => {
    cancelSave();
    save();
    if (mayClose) return;
    event.preventDefault();
    if (options.onClose() === 'hide') window.hide();
    else options.onQuit();
  });

  let crashedAt = Number.NEGATIVE_INFINITY;
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    if (reason === 'clean-exit' || mayClose) return;
    log.error('page has crashed', { reason });
    const now = clock.monotonic();
    const isAgain = now - crashedAt < crashWindowMs;
    crashedAt = now;
    if (isAgain) options.onBroken(reason);
    else window.webContents.reload();
  });

  options.prepare(window);
  window.once('ready-to-show', () => {
    if (options.hidden) return;
    if (saved?.maximized === true) window.maximize();
    show();
  });
  await window.loadURL(appUrl);

  return {
    get visible() {
      return !window.isDestroyed() && window.isVisible();
    },
    show,
    hide: () => {
      if (!window.isDestroyed()) window.hide();
    },
    letClose: () => {
      mayClose = true;
    },
  };
}
