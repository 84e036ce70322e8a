/**
 * What a control plane's refusal means to a person.
 */
import { KubeError } from '#kube/client.ts';
import { problemOf, toAgentError, type Problem } from '#contract/errors/agent-error.ts';

/** The problem for a failed call about objects of `kind` at `server`. Decided by status, never by the message. */
export function problemOfFailure(thrown: unknown, about: { readonly kind: string; readonly server: string }): Problem {
  if (!(thrown instanceof KubeError)) return toAgentError(thrown).problem;
  switch (thrown.status) {
    case 401:
    case 403:
      return problemOf('SP_CONTROL_PLANE_DENIED', { reason: thrown.message });
    case 404:
      return problemOf('SP_CONTROL_PLANE_KINDS_MISSING', about);
    case 400:
    case 422:
      return problemOf('SP_INPUT_INVALID', { reason: thrown.message });
    default:
      return problemOf('SP_CONTROL_PLANE_UNREACHABLE', { reason: thrown.message });
  }
}
