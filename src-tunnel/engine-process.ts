/**
 * The engine as a process: speaks AgentToEngine and EngineToAgent over any message port, and ends with its parent.
 */
import type { Clock } from '#base/clock.ts';
import { createLogger } from '#base/logger.ts';
import { Secret } from '#base/secret.ts';
import type { AgentToEngine, EngineToAgent } from '#contract/engine.ts';

import { createEngine, type Engine } from './agent/engine.ts';
import { parseMessage } from './engine-messages.ts';

export type EnginePort = {
  send(message: EngineToAgent): void;
  onMessage(listener: (data: unknown) => void): void;
  /** The parent has gone. */
  onClose(listener: () => void): void;
};

export function runEngineProcess(options: {
  readonly port: EnginePort;
  readonly pid: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly exit: (code: number) => void;
}): void {
  const { port, clock, random, exit } = options;
  const log = createLogger({
    level: 'info',
    now: () => clock.now(),
    sink: (line) => port.send({ type: 'log', line }),
    fields: { process: 'engine' },
  });
  let engine: Engine | null = null;

  const start = ({ privateKey, agentVersion }: Extract<AgentToEngine, { type: 'identity' }>): void => {
    try {
      engine = createEngine({
        // SECURITY: from here on the key is a Secret, which no log line can print.
        privateKey: new Secret(privateKey),
        agentVersion: agentVersion ?? '',
        clock,
        random,
        log,
        onReport: (report) => port.send({ type: 'report', report }),
        onTraffic: (totals) => port.send({ type: 'traffic', totals }),
      });
    } catch {
      // Not the error itself: a parser's message may quote what it could not parse.
      log.error('the connector key cannot be used');
      exit(1);
    }
  };

  const drain = async (graceMs: number): Promise<void> => {
    await engine?.drain(graceMs);
    exit(0);
  };

  const handle = (data: unknown): void => {
    const message = parseMessage(data);
    switch (message.type) {
      case 'identity':
        if (engine === null) start(message);
        else log.warn('a second identity was ignored');
        break;
      case 'apply':
        if (engine === null) log.error('a configuration came before the identity');
        else engine.apply(message.config);
        break;
      case 'ping':
        port.send({ type: 'pong', id: message.id });
        break;
      case 'drain':
        void drain(message.graceMs);
        break;
      case 'invalid':
        log.error('a message was not understood', { at: message.at });
        break;
    }
  };

  port.onMessage(handle);
  port.onClose(() => {
    engine?.close();
    exit(0);
  });
  port.send({ type: 'started', pid: options.pid });
}
