/**
 * Keeps one child process running: start, readiness, restart with back-off, a breaker against crash loops, orderly end.
 *
 * Knows nothing of what the process does or how it is launched; both come in.
 */
import { createBackoff } from '#base/backoff.ts';
import { sleep, type Cancel, type Clock } from '#base/clock.ts';
import { createListeners } from '#base/listeners.ts';
import type { Logger } from '#base/logger.ts';

export type ProcessExit = { readonly code: number | null; readonly signal: string | null };

/** A process that was started, as far as its supervisor must know it. */
export type LaunchedProcess = {
  readonly pid: number | null;
  /** Ends the process at once. */
  kill(): void;
  /** Called once; also when the process could not be started at all. */
  onExit(listener: (exit: ProcessExit) => void): void;
};

export type SupervisedPhase = 'starting' | 'running' | 'restarting' | 'faulted' | 'stopped';

export type SupervisedState = {
  readonly phase: SupervisedPhase;
  readonly pid: number | null;
  /** Restarts since the supervisor was created. */
  readonly restarts: number;
};

export type SupervisedProcess<P> = {
  readonly state: SupervisedState;
  /** The process that runs right now, ready or not. */
  readonly process: P | null;
  onChange(listener: (state: SupervisedState) => void): () => void;
  /** Starts it, also out of `faulted`. Does nothing while it runs. */
  start(): void;
  /** Ends what runs without asking; it is then restarted. For a process that hangs. */
  kill(): void;
  /** Asks it to end, kills it after the grace period, resolves when it is gone. */
  stop(): Promise<void>;
};

export type SuperviseOptions<P extends LaunchedProcess> = {
  readonly name: string;
  readonly launch: () => P;
  /** Called for each start; `ready` says that the process does its job. */
  readonly attach: (process: P, ready: () => void) => void;
  /** Asks the process to end by itself. */
  readonly askToStop: (process: P) => void;
  readonly stopGraceMs: number;
  readonly readyTimeoutMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
};

/** More exits than this within the window and it is a crash loop, which restarting does not cure. */
export const breaker = { exits: 5, windowMs: 60_000 } as const;

const firstRestartMs = 200;
const maxRestartMs = 5000;
/** Running this long, a process has proven itself and the back-off starts over. */
const provenAfterMs = 10_000;

export function superviseProcess<P extends LaunchedProcess>(options: SuperviseOptions<P>): SupervisedProcess<P> {
  const { name, launch, attach, askToStop, clock, random } = options;
  const log = options.log.child({ process: name });
  const changes = createListeners<SupervisedState>();
  const backoff = createBackoff({ firstMs: firstRestartMs, capMs: maxRestartMs, random });
  let state: SupervisedState = { phase: 'stopped', pid: null, restarts: 0 };
  let current: P | null = null;
  let wanted = false;
  let exits: readonly number[] = [];
  let cancelRestart: Cancel = () => {};
  let gone: Promise<void> = Promise.resolve();

  const become = (next: Partial<SupervisedState>): void => {
    state = { ...state, ...next };
    changes.emit(state);
  };

  const afterUnexpectedExit = (ranMs: number): void => {
    const now = clock.monotonic();
    exits = [...exits.filter((at) => now - at < breaker.windowMs), now];
    if (exits.length >= breaker.exits) {
      wanted = false;
      log.error('process keeps stopping and is given up', { exits: exits.length });
      become({ phase: 'faulted', pid: null });
      return;
    }
    if (ranMs >= provenAfterMs) backoff.reset();
    const delayMs = backoff.next();
    become({ phase: 'restarting', pid: null, restarts: state.restarts + 1 });
    cancelRestart = clock.after(delayMs, run);
  };

  function run(): void {
    const startedAt = clock.monotonic();
    let process: ReturnType<typeof launch>;
    try {
      process = launch();
    } catch (error) {
      // No descriptor left, a folder gone: for the others this is one more process that ended.
      log.error('process could not be launched', { error });
      afterUnexpectedExit(0);
      return;
    }
    current = process;
    if (state.phase !== 'restarting') become({ phase: 'starting', pid: process.pid });
    else become({ pid: process.pid });
    const cancelTimeout = clock.after(options.readyTimeoutMs, () => {
      log.error('process did not become ready and is killed', { timeoutMs: options.readyTimeoutMs });
      process.kill();
    });
    gone = new Promise((resolve) => {
      process.onExit((exit) => {
        cancelTimeout();
        resolve();
        if (current !== process) return;
        current = null;
        if (!wanted) {
          become({ phase: 'stopped', pid: null });
          return;
        }
        log.warn('process ended unexpectedly', exit);
        afterUnexpectedExit(clock.monotonic() - startedAt);
      });
    });
    attach(process, () => {
      cancelTimeout();
      if (current === process && wanted) become({ phase: 'running', pid: process.pid });
    });
  }

  return {
    get state() {
      return state;
    },
    get process() {
      return current;
    },
    onChange: (listener) => changes.add(listener),
    start: () => {
      if (wanted) return;
      wanted = true;
      exits = [];
      backoff.reset();
      become({ phase: 'starting' });
      run();
    },
    kill: () => current?.kill(),
    stop: async () => {
      wanted = false;
      cancelRestart();
      const process = current;
      if (process === null) {
        become({ phase: 'stopped', pid: null });
        return;
      }
      askToStop(process);
      await Promise.race([gone, sleep(clock, options.stopGraceMs)]);
      if (current === process) {
        log.warn('process did not end in time and is killed', { graceMs: options.stopGraceMs });
        process.kill();
        await gone;
      }
    },
  };
}
