/**
 * The few globals that Node, Electron and browsers share and that the env-free folders may use.
 */
type TimerHandle = number | object;
declare function setTimeout(run: () => void, delayMs: number): TimerHandle;
declare function clearTimeout(timer: TimerHandle): void;
declare const performance: { now(): number };

interface AbortSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}
