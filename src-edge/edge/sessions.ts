/**
 * The tunnel sessions of this edge by connector: which one takes the next request, and whose time is over.
 */
import type { TunnelSession } from '#tunnel/edge/session.ts';

import type { ConnectorName } from './routing-table.ts';

export type Sessions = {
  readonly add: (session: TunnelSession) => void;
  /** The least busy session that takes requests; null if there is none besides those in `except`. */
  choose(connector: ConnectorName, except?: ReadonlySet<TunnelSession>): TunnelSession | null;
  of(connector: ConnectorName): readonly TunnelSession[];
  /** Ends the sessions of `connector` for which `isOver` holds. */
  closeWhere(connector: ConnectorName, isOver: (session: TunnelSession) => boolean): void;
};

/** An engine holds one, two while it reconnects. SECURITY: one connector must not take the edge's whole room. */
const maxPerConnector = 16;

/** `onChange` is called when a session of a connector came or went. */
export function createSessions(onChange: (connector: ConnectorName) => void): Sessions {
  const byConnector = new Map<string, Set<TunnelSession>>();
  const keyOf = ({ namespace, name }: ConnectorName): string => `${namespace}/${name}`;
  const of = (connector: ConnectorName): readonly TunnelSession[] => [...(byConnector.get(keyOf(connector)) ?? [])];

  return {
    of,
    add: (session) => {
      const key = keyOf(session.connector);
      const sessions = byConnector.get(key) ?? new Set();
      byConnector.set(key, sessions.add(session));
      // Sets keep the order of insertion: the first is the oldest.
      const [oldest] = sessions;
      if (sessions.size > maxPerConnector) oldest?.close();
      session.onClose(() => {
        sessions.delete(session);
        if (sessions.size === 0 && byConnector.get(key) === sessions) byConnector.delete(key);
        onChange(session.connector);
      });
      onChange(session.connector);
    },
    choose: (connector, except) => {
      let best: TunnelSession | null = null;
      for (const session of byConnector.get(keyOf(connector)) ?? []) {
        if (session.draining || except?.has(session) === true) continue;
        if (best === null || session.openStreams < best.openStreams) best = session;
      }
      return best;
    },
    closeWhere: (connector, isOver) => {
      for (const session of of(connector)) if (isOver(session)) session.close();
    },
  };
}
