/**
 * Composition root of the desktop app: puts the agent and its window together. Wiring only.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, hostname, release, tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  app,
  BrowserWindow,
  dialog,
  Menu,
  nativeImage,
  nativeTheme,
  protocol,
  safeStorage,
  screen,
  session,
  shell,
  Tray,
  utilityProcess,
} from 'electron';

import { systemClock } from '#base/clock.ts';
import { createLogger } from '#base/logger.ts';
import type { AgentState } from '#contract/agent-state.ts';
import { toAgentError } from '#contract/errors/agent-error.ts';

import { openAgent } from '../agent/open-agent.ts';
import { defaultProfile, profileDirectory } from '../state/profile-directory.ts';
import { bridgeAgent } from './agent-bridge.ts';
import { appMenu } from './app-menu.ts';
import { appSchemePrivileges, createAppProtocol } from './app-protocol.ts';
import { appScheme } from './app-url.ts';
import { readArguments } from './command-line.ts';
import { publishedUrl } from './external-links.ts';
import { openLogFile } from './log-file.ts';
import { programPaths } from './program-paths.ts';
import { createQuitSequence } from './quit-sequence.ts';
import { openSecretStore } from './safe-storage.ts';
import { confineContents, confineSession, enableSandbox, pagePreferences } from './security.ts';
import { runSmoke } from './smoke.ts';
import { createSteadyAgent } from './steady-agent.ts';
import { hasTrayHost } from './tray-host.ts';
import { trayImagePath } from './tray-images.ts';
import { showTray, type TrayIcon } from './tray.ts';
import { createUtilityEngineLauncher } from './utility-engine.ts';
import { openWindow, type AppWindow } from './window.ts';

const { platform } = process;
const clock = systemClock;
const random = Math.random;
const devTools = !app.isPackaged;
const operatingSystems: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  darwin: 'macOS',
  linux: 'Linux',
  win32: 'Windows',
};

const { profile: chosenProfile, hidden, smoke } = readArguments(process.argv.slice(1));
const profile = chosenProfile ?? defaultProfile;
// A proof leaves no trace in what belongs to the person, and does not meet an app that runs.
const smokeHome = smoke ? mkdtempSync(join(tmpdir(), 'sallyport-smoke-')) : null;
const env = smokeHome === null ? process.env : { ...process.env, SALLYPORT_HOME: smokeHome };
const directory = profileDirectory(profile, { env, platform, homeDirectory: homedir() });
mkdirSync(directory, { recursive: true, mode: 0o700 });

const logFile = openLogFile(join(directory, 'app.log'));
const log = createLogger({ level: 'info', sink: logFile.sink, now: () => clock.now(), fields: { process: 'app' } });
const paths = programPaths({
  isPackaged: app.isPackaged,
  appPath: app.getAppPath(),
  resourcesPath: process.resourcesPath,
  platform,
  env,
});

if (smokeHome !== null) process.on('exit', () => rmSync(smokeHome, { recursive: true, force: true, maxRetries: 3 }));

// What belongs to a profile stays in its folder; tests choose another one by Chromium's own switch.
if (!app.commandLine.hasSwitch('user-data-dir')) app.setPath('userData', join(directory, 'chromium'));
enableSandbox(app);
protocol.registerSchemesAsPrivileged([appSchemePrivileges]);

async function start(): Promise<void> {
  let state: AgentState | null = null;
  let window: AppWindow | null = null;
  let tray: TrayIcon | null = null;

  confineSession(session.defaultSession, { devTools });
  protocol.handle(appScheme, createAppProtocol(paths.renderer));
  Menu.setApplicationMenu(Menu.buildFromTemplate(appMenu({ platform, devTools })));

  const secrets = await openSecretStore(safeStorage, platform);
  const agent = createSteadyAgent({
    open: () =>
      openAgent({
        version: app.getVersion(),
        profile,
        runtime: 'electron',
        pid: process.pid,
        directory,
        engineLauncher: createUtilityEngineLauncher({
          fork: (entry, args, options) => utilityProcess.fork(entry, args, options),
          entryPath: paths.engine,
          env,
          killHard: (pid) => process.kill(pid, 'SIGKILL'),
        }),
        secrets,
        playground: { nodePath: paths.node, entries: paths.entries, crdsDirectory: paths.crds, env },
        endpoint: { platform, temporaryDirectory: tmpdir(), uid: process.getuid?.() ?? -1 },
        device: { name: hostname(), os: `${operatingSystems[platform] ?? platform} ${release()}` },
        env,
        homeDirectory: homedir(),
        clock,
        random,
        log,
        onEngineLogLine: logFile.sink,
      }),
    onFailure: (error) => log.error('agent could not be opened', { error }),
    clock,
    log,
  });

  app.on(
    'before-quit',
    createQuitSequence({
      windUp: async () => {
        window?.letClose();
        window?.hide();
        await agent.close();
        tray?.destroy();
        await logFile.flush();
      },
      exit: (code) => app.exit(process.exitCode === undefined ? code : Number(process.exitCode)),
      clock,
      log,
    }),
  );

  if (smoke) {
    const result = await agent.opened.then(() => runSmoke(agent.handlers, clock));
    process.stdout.write(`${JSON.stringify(result)}\n`);
    if (!result.ok) process.exitCode = 1;
    app.quit();
    return;
  }

  const updateTray = (): void => tray?.update(state, window?.visible ?? false);
  agent.handlers.watches['state.watch']((next) => {
    state = next;
    updateTray();
  });

  const hasTray = await hasTrayHost({
    platform,
    env,
    run: (program, args) =>
      new Promise((resolve) => {
        execFile(program, args, { timeout: 3000 }, (error, stdout) => resolve(error === null ? stdout : null));
      }),
  });
  tray = showTray({
    create: (image) => new Tray(image),
    imageOf: (sign) => nativeImage.createFromPath(trayImagePath(paths.assets, sign, platform)),
    buildMenu: (items) => Menu.buildFromTemplate([...items]),
    actions: {
      showWindow: () => window?.show(),
      hideWindow: () => window?.hide(),
      setEnabled: (name, enabled) => {
        agent.handlers.calls['service.setEnabled']({ name, enabled }, { id: 'tray', onGone: () => {} }).catch(
          (error: unknown) => log.warn('service could not be switched', { service: name, error }),
        );
      },
      quit: () => app.quit(),
    },
  });

  app.on('web-contents-created', (_event, contents) => {
    confineContents(contents, (address) => {
      const url = publishedUrl(address, state);
      if (url === null) {
        log.warn('address is not opened, it is not one of ours');
        return;
      }
      // SECURITY: the only call that leaves the app, and only for addresses that this agent has published.
      // oxlint-disable-next-line no-restricted-properties
      void shell.openExternal(url).catch((error: unknown) => log.warn('browser did not open', { error }));
    });
  });
  // The app lives on without its window; ending it is `before-quit`'s matter.
  app.on('window-all-closed', () => {});
  app.on('second-instance', () => window?.show());
  app.on('activate', () => window?.show());

  window = await openWindow({
    create: (options) => new BrowserWindow(options),
    screen,
    webPreferences: pagePreferences({ preload: paths.preload, devTools }),
    iconPath: join(paths.assets, 'icons', '256x256.png'),
    boundsPath: join(directory, 'window.json'),
    dark: nativeTheme.shouldUseDarkColors,
    hidden: hidden && hasTray,
    prepare: (created) =>
      bridgeAgent({ contents: created.webContents, handlers: agent.handlers, watchLink: agent.watchLink, log }),
    onClose: () => (hasTray || platform === 'darwin' ? 'hide' : 'quit'),
    onQuit: () => app.quit(),
    onVisibility: updateTray,
    onBroken: (reason) => {
      dialog.showErrorBox('The window keeps crashing', `Its page ended (${reason}). Published services stay up.`);
      app.quit();
    },
    clock,
    log,
  });
  updateTray();
  await agent.opened;
}

function giveUp(thrown: unknown): void {
  const { problem } = toAgentError(thrown);
  log.error('app could not start', { error: thrown });
  process.stderr.write(`${problem.title} (${problem.code})\n${problem.detail}\n${problem.action}\n`);
  if (!smoke) dialog.showErrorBox(problem.title, `${problem.detail}\n\n${problem.action}\n\n${problem.code}`);
  void logFile.flush().then(() => app.exit(1));
}

if (app.requestSingleInstanceLock()) {
  // Not awaited: Electron becomes ready only once this module has been evaluated.
  void app.whenReady().then(start).catch(giveUp);
} else {
  app.quit();
}
