/**
 * What the tray shows, as a pure function of the agent's state.
 */
import type { AgentState, ServiceState } from '#contract/agent-state.ts';

/** What a person can do from the tray. */
export type TrayActions = {
  readonly showWindow: () => void;
  readonly hideWindow: () => void;
  readonly setEnabled: (name: string, enabled: boolean) => void;
  readonly quit: () => void;
};

/** The parts of Electron's menu items that are used; without functions it is plain data. */
export type TrayItem =
  | { readonly type: 'separator' }
  | { readonly label: string; readonly enabled: false }
  | { readonly label: string; readonly click: () => void }
  | { readonly type: 'checkbox'; readonly label: string; readonly checked: boolean; readonly click: () => void };

const phaseWords: Readonly<Record<ServiceState['phase'], string>> = {
  off: 'off',
  publishing: 'publishing…',
  ready: 'ready',
  failing: 'not reachable',
  removing: 'being removed…',
};

/** A menu of more entries would leave the screen; the window lists the rest. */
const maxServices = 15;

/** One line that sums up where things stand. */
export function trayTitle(state: AgentState | null): string {
  if (state === null) return 'Sallyport is starting…';
  if (state.controlPlane.kind === 'none') return 'Sallyport is not set up yet';
  const wanted = state.services.filter(({ enabled }) => enabled);
  if (wanted.length === 0) return 'Nothing is published';
  const ready = wanted.filter(({ phase }) => phase === 'ready').length;
  return `${ready} of ${wanted.length} ${wanted.length === 1 ? 'service' : 'services'} ready`;
}

/** Which of the icons shows. */
export type TraySign = 'online' | 'connecting' | 'problem' | 'off';

export function traySign(state: AgentState | null): TraySign {
  if (state === null) return 'connecting';
  const wanted = state.services.filter(({ enabled }) => enabled);
  const isTroubled =
    wanted.some(({ phase }) => phase === 'failing') || state.warnings.some(({ severity }) => severity === 'error');
  if (isTroubled) return 'problem';
  if (wanted.length === 0) return 'off';
  return wanted.every(({ phase }) => phase === 'ready') ? 'online' : 'connecting';
}

function serviceItem(service: ServiceState, actions: TrayActions): TrayItem {
  const label = `${service.name} (${phaseWords[service.phase]})`;
  if (service.phase === 'removing') return { label, enabled: false };
  const { name, enabled } = service;
  return { type: 'checkbox', label, checked: enabled, click: () => actions.setEnabled(name, !enabled) };
}

/** The menu. Show, hide and quit are always in it, since a click on the icon does nothing on some desktops. */
export function trayMenu(state: AgentState | null, windowVisible: boolean, actions: TrayActions): readonly TrayItem[] {
  const services = state?.services ?? [];
  const listed = services.slice(0, maxServices).map((service) => serviceItem(service, actions));
  const more = services.length - listed.length;
  return [
    { label: trayTitle(state), enabled: false },
    { type: 'separator' },
    ...listed,
    ...(more > 0 ? [{ label: `${more} more in the window`, click: actions.showWindow }] : []),
    ...(services.length > 0 ? [{ type: 'separator' as const }] : []),
    windowVisible
      ? { label: 'Hide Sallyport', click: actions.hideWindow }
      : { label: 'Show Sallyport', click: actions.showWindow },
    { type: 'separator' },
    { label: 'Quit Sallyport', click: actions.quit },
  ];
}
