/**
 * Keeps the tray icon, its menu and its tooltip what the agent's state says.
 */
import type { Menu, NativeImage, Tray } from 'electron';

import type { AgentState } from '#contract/agent-state.ts';

import { trayMenu, traySign, trayTitle, type TrayActions, type TrayItem, type TraySign } from './tray-menu.ts';

export type TrayIcon = {
  update(state: AgentState | null, windowVisible: boolean): void;
  destroy(): void;
};

export function showTray(options: {
  readonly create: (image: NativeImage) => Tray;
  readonly imageOf: (sign: TraySign) => NativeImage;
  readonly buildMenu: (items: readonly TrayItem[]) => Menu;
  readonly actions: TrayActions;
}): TrayIcon {
  const { buildMenu, imageOf, actions } = options;
  const tray = options.create(imageOf('connecting'));
  let shownSign: TraySign = 'connecting';
  let shownItems = '';
  tray.on('click', () => actions.showWindow());
  return {
    update: (state, windowVisible) => {
      const sign = traySign(state);
      if (sign !== shownSign) {
        shownSign = sign;
        tray.setImage(imageOf(sign));
      }
      // A menu that is open closes when it is replaced, so it is replaced only when something in it changes.
      const items = trayMenu(state, windowVisible, actions);
      const looks = JSON.stringify(items);
      if (looks === shownItems) return;
      shownItems = looks;
      tray.setToolTip(`Sallyport: ${trayTitle(state)}`);
      tray.setContextMenu(buildMenu(items));
    },
    destroy: () => tray.destroy(),
  };
}
