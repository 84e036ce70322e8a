/**
 * What ends a call early: its caller, its time-out, or the end of the client. One signal for the three.
 */
import type { Clock } from '#base/clock.ts';
import { KubeError } from './kube-error.ts';

export type CallBound = {
  /** Aborts with a KubeError as its reason. Whoever ends the client aborts it too. */
  readonly controller: AbortController;
  /** From now on only the caller and the end of the client bound the call. */
  readonly stopTimer: () => void;
  /** To be called once the call has settled. */
  readonly release: () => void;
};

export function createCallBound(options: {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly outer: AbortSignal | undefined;
}): CallBound {
  const { clock, timeoutMs, outer } = options;
  const controller = new AbortController();
  const onOuter = (): void => controller.abort(new KubeError('The call was aborted', { status: 0, reason: 'Aborted' }));
  const stopTimer = clock.after(timeoutMs, () =>
    controller.abort(new KubeError(`No complete answer within ${timeoutMs} ms`, { status: 0, reason: 'TimedOut' })),
  );
  if (outer?.aborted === true) onOuter();
  outer?.addEventListener('abort', onOuter);
  return {
    controller,
    stopTimer,
    release: () => {
      stopTimer();
      outer?.removeEventListener('abort', onOuter);
    },
  };
}
