/**
 * One call of the agent's API, whatever it arrived by: looked up in the contract's table, its params checked, answered.
 */
import type { z } from 'zod';

import { AgentError } from '#contract/errors/agent-error.ts';
import { contract, type AgentHandlers, type Caller, type CallName, type WatchName } from '#contract/ipc/contract.ts';

function isCallName(name: string): name is CallName {
  return Object.hasOwn(contract.calls, name);
}

/** Whether `name` is a watch of the contract; nothing inherited counts. */
export function isWatchName(name: string): name is WatchName {
  return Object.hasOwn(contract.watches, name);
}

/** What is wrong with params, for a person. */
function reasonOf(error: z.ZodError): string {
  return error.issues
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`))
    .join('; ');
}

/** Checks the params of `name` and runs its handler; SP_INPUT_INVALID if the contract does not allow the call. */
export async function answerCall(
  handlers: AgentHandlers,
  name: string,
  params: unknown,
  caller: Caller,
): Promise<unknown> {
  // SECURITY: only names in the table are looked up, so nothing inherited can be called.
  if (!isCallName(name)) throw new AgentError('SP_INPUT_INVALID', { reason: `There is no call “${name}”.` });
  const checked = contract.calls[name].params.safeParse(params);
  if (!checked.success) throw new AgentError('SP_INPUT_INVALID', { reason: reasonOf(checked.error) });
  const handler = handlers.calls[name] as (params: unknown, caller: Caller) => Promise<unknown>;
  return handler(checked.data, caller);
}
