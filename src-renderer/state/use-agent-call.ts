/**
 * One call of the agent as a component sees it: whether it runs, and why the last one failed.
 */
import { useCallback, useEffect, useRef, useState } from 'react';

import type { Problem } from '#contract/errors/agent-error.ts';
import type { CallName, CallParams, CallResult } from '#contract/ipc/contract.ts';

import { useAgentClient } from './agent-context.ts';

export type AgentCall<N extends CallName> = {
  readonly running: boolean;
  readonly problem: Problem | null;
  /** Resolves to the result, or to undefined after a failure. */
  readonly run: (params: CallParams<N>) => Promise<CallResult<N> | undefined>;
  readonly reset: () => void;
};

export function useAgentCall<N extends CallName>(name: N): AgentCall<N> {
  const client = useAgentClient();
  const [running, setRunning] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  // Answers of an earlier run must not overwrite what a later one shows.
  const generation = useRef(0);
  useEffect(
    () => () => {
      generation.current += 1;
    },
    [],
  );

  const run = useCallback(
    async (params: CallParams<N>) => {
      const mine = (generation.current += 1);
      setRunning(true);
      setProblem(null);
      const envelope = await client.call(name, params);
      if (mine === generation.current) {
        setRunning(false);
        setProblem(envelope.ok ? null : envelope.problem);
      }
      return envelope.ok ? envelope.value : undefined;
    },
    [client, name],
  );

  const reset = useCallback(() => setProblem(null), []);
  return { running, problem, run, reset };
}
