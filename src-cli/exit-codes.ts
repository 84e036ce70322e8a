/**
 * Exit codes (sysexits.h) and which of our errors ends with which.
 */
import type { ErrorCode } from '#contract/errors/registry.ts';

export const exitCodes = {
  ok: 0,
  usage: 64,
  data: 65,
  unavailable: 69,
  software: 70,
  noPermission: 77,
  config: 78,
} as const;

const byCode: Readonly<Partial<Record<ErrorCode, number>>> = {
  SP_USAGE: exitCodes.usage,
  SP_INPUT_HOST: exitCodes.usage,
  SP_INPUT_SCHEME: exitCodes.usage,
  SP_INPUT_PROFILE: exitCodes.usage,
  SP_INPUT_PATH: exitCodes.usage,
  SP_INPUT_PORT: exitCodes.usage,
  SP_INPUT_INVALID: exitCodes.usage,
  SP_SERVICE_NAME_INVALID: exitCodes.usage,
  SP_SERVICE_NAME_TAKEN: exitCodes.data,
  SP_SERVICES_TOO_MANY: exitCodes.data,
  SP_SERVICE_NOT_FOUND: exitCodes.data,
  SP_STATE_CORRUPT: exitCodes.data,
  SP_STATE_UNREADABLE: exitCodes.noPermission,
  SP_STATE_NOT_SAVED: exitCodes.noPermission,
  SP_CONTROL_PLANE_UNTRUSTED: exitCodes.config,
  SP_CONTROL_PLANE_DENIED: exitCodes.noPermission,
  SP_IDENTITY_UNREADABLE: exitCodes.noPermission,
  SP_CONTROL_PLANE_KINDS_MISSING: exitCodes.config,
  SP_CONTROL_PLANE_IN_USE: exitCodes.config,
  SP_CONTROL_PLANE_NOT_CHOSEN: exitCodes.config,
  SP_KUBECONFIG_UNREADABLE: exitCodes.config,
  SP_KUBECONFIG_CONTEXT_UNKNOWN: exitCodes.config,
  SP_ENGINE_FAULTED: exitCodes.software,
  SP_INTERNAL: exitCodes.software,
};

/** What a command that fails with `code` exits with; what is not reachable right now is the usual cause. */
export function exitCodeOf(code: ErrorCode): number {
  return byCode[code] ?? exitCodes.unavailable;
}
