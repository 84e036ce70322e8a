/**
 * What a control plane's refusal, or its silence, means to a person.
 */
import { KubeError } from '#kube/client.ts';
import { problemOf, toAgentError, type Problem } from '#contract/errors/agent-error.ts';

/** Why there was no answer, by the reason of the error. */
const silences: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Nothing listens at its address.',
  ECONNRESET: 'The connection was broken off.',
  ENOTFOUND: 'Its name is not known.',
  EAI_AGAIN: 'Its name could not be looked up.',
  EHOSTUNREACH: 'There is no way to its address.',
  ENETUNREACH: 'There is no way to its address.',
  TimedOut: 'It was asked and did not answer in time.',
};

/** Codes of OpenSSL and Node for a certificate that does not hold. */
const certificateFault = /^(?:CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_TLS_CERT)/;

function untrustedReason(reason: string): string {
  if (reason === 'CERT_HAS_EXPIRED') return 'By the clock of this machine its certificate has expired.';
  if (reason === 'CERT_NOT_YET_VALID') return 'By the clock of this machine its certificate is not valid yet.';
  if (reason === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'Its certificate is for another name.';
  return 'Its certificate was not issued by the authority that the kubeconfig names.';
}

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
    case 0:
      return certificateFault.test(thrown.reason)
        ? problemOf('SP_CONTROL_PLANE_UNTRUSTED', { reason: untrustedReason(thrown.reason) })
        : problemOf('SP_CONTROL_PLANE_UNREACHABLE', { reason: silences[thrown.reason] ?? thrown.message });
    case 429:
      return problemOf('SP_CONTROL_PLANE_BUSY', { reason: 'It has too many requests and asks to wait.' });
    default:
      return thrown.status >= 500
        ? problemOf('SP_CONTROL_PLANE_BUSY', { reason: `It answered ${thrown.status}: ${thrown.message}` })
        : problemOf('SP_CONTROL_PLANE_UNREACHABLE', { reason: thrown.message });
  }
}
