/**
 * Keeps one child process running: start, readiness, restart with back-off, orderly end. A breaker against crash loops
 * makes long pauses between attempts, and never gives up for good.
 *
 * Knows nothing of what the process does or how it is launched; both come in.
 */
import { createBackoff } from '#base/backoff.ts';
import { rfc3339, sleep, type Cancel, type Clock } from '#base/clock.ts';
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

/** faulted: it keeps stopping, and the next attempt comes after a long pause. */
export type SupervisedPhase = 'starting' | 'running' | 'restarting' | 'faulted' | 'stopped';

export type SupervisedState = {
  readonly phase: SupervisedPhase;
  readonly pid: number | null;
  /** Restarts since the supervisor was created. */
  readonly restarts: number;
  /** When the next attempt is due (RFC 3339), while one is waited for. */
  readonly retryAt: string | null;
};

export type SupervisedProcess<P> = {
  readonly state: SupervisedState;
  /** The process that runs right now, ready or not. */
  readonly process: P | null;
  onChange(listener: (state: SupervisedState) => void): () => void;
  /** Starts it. Does nothing if that was done before. */
  start(): void;
  /** Makes the attempt that is waited for now. Does nothing while it runs or is stopped. */
  retryNow(): void;
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

/**
 * This many exits within the window are a crash loop, which restarting at once does not cure. From then on each attempt
 * is a single one, after a pause that doubles up to the largest, until the process has proven itself.
 */
export const breaker = { exits: 5, windowMs: 60_000, firstPauseMs: 30_000, maxPauseMs: 600_000 } as const;

const firstRestartMs = 200;
const maxRestartMs = 5000;
/** Running this long, a process has proven itself: what ended before is forgotten, and the back-off starts over. */
const provenAfterMs = 10_000;

export function superviseProcess<P extends LaunchedProcess>(options: SuperviseOptions<P>): SupervisedProcess<P> {
  const { name, launch, attach, askToStop, clock, random } = options;
  const log = options.log.child({ process: name });
  const changes = createListeners<SupervisedState>();
  const backoff = createBackoff({ firstMs: firstRestartMs, capMs: maxRestartMs, random });
  let state: SupervisedState = { phase: 'stopped', pid: null, restarts: 0, retryAt: null };
  let current: P | null = null;
  let wanted = false;
  let exits: readonly number[] = [];
  /** Attempts in a row that ended in a long pause; the breaker is open or half-open from the first one on. */
  let trips = 0;
  let cancelRestart: Cancel | null = null;
  let gone: Promise<void> = Promise.resolve();

  const become = (next: Partial<SupervisedState>): void => {
    state = { ...state, ...next };
    changes.emit(state);
  };

  const restart = (): void => {
    cancelRestart?.();
    cancelRestart = null;
    become({ phase: 'restarting', restarts: state.restarts + 1, retryAt: null });
    run();
  };

  const restartIn = (phase: 'restarting' | 'faulted', delayMs: number): void => {
    cancelRestart = clock.after(delayMs, restart);
    become({ phase, pid: null, retryAt: rfc3339(clock.now() + delayMs) });
  };

  const afterUnexpectedExit = (ranMs: number): void => {
    const now = clock.monotonic();
    if (ranMs >= provenAfterMs) {
      backoff.reset();
      exits = [];
      trips = 0;
    }
    exits = [...exits.filter((at) => now - at < breaker.windowMs), now];
    if (trips === 0 && exits.length < breaker.exits) {
      restartIn('restarting', backoff.next());
      return;
    }
    const pauseMs = Math.min(breaker.maxPauseMs, breaker.firstPauseMs * 2 ** trips);
    trips += 1;
    log.error('process keeps stopping, the next attempt is made later', { exits: exits.length, pauseMs });
    restartIn('faulted', pauseMs);
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
    become({ pid: process.pid });
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
          become({ phase: 'stopped', pid: null, retryAt: null });
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
      trips = 0;
      backoff.reset();
      become({ phase: 'starting' });
      run();
    },
    retryNow: () => {
      if (cancelRestart !== null) restart();
    },
    kill: () => current?.kill(),
    stop: async () => {
      wanted = false;
      cancelRestart?.();
      cancelRestart = null;
      const process = current;
      if (process === null) {
        become({ phase: 'stopped', pid: null, retryAt: null });
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
