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
} as const;
