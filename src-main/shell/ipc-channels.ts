/**
 * Names of the channels between preload script and main process.
 */

export const channels = {
  /** invoke(name, params) → Envelope */
  call: 'agent:call',
  /** send(id, name) */
  watch: 'agent:watch',
  /** send(id) */
  unwatch: 'agent:unwatch',
  /** to the page: (id, item) */
  item: 'agent:item',
  /** send(): the page wants to know how the line to the agent is */
  watchLink: 'agent:watch-link',
  /** to the page: (status) */
  link: 'agent:link',
} as const;
