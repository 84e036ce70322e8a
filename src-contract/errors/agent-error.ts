/**
 * The one error type that crosses a boundary between parts: a code from the registry and its arguments.
 */
import { errorRegistry, type ErrorClass, type ErrorCode } from './registry.ts';

export type ErrorArguments = Readonly<Record<string, string | number>>;

/** A failure as it travels over a wire and as a person reads it. */
export type Problem = {
  readonly code: ErrorCode;
  readonly title: string;
  readonly detail: string;
  readonly action: string;
};

function fill(template: string, values: ErrorArguments): string {
  return template.replace(/\{(\w+)\}/g, (placeholder, name: string) => String(values[name] ?? placeholder));
}

/** The words of `code` with its arguments filled in. */
export function problemOf(code: ErrorCode, values: ErrorArguments = {}): Problem {
  const { title, detail, action } = errorRegistry[code];
  return { code, title: fill(title, values), detail: fill(detail, values), action: fill(action, values) };
}

/** A failure with a stable code. `message` is for logs; people are shown `problem`. */
export class AgentError extends Error {
  override readonly name = 'AgentError';
  readonly code: ErrorCode;
  readonly values: ErrorArguments;

  constructor(code: ErrorCode, values: ErrorArguments = {}, options?: { readonly cause?: unknown }) {
    const problem = problemOf(code, values);
    super(`${code}: ${problem.title}. ${problem.detail}`, options);
    this.code = code;
    this.values = values;
  }

  get class(): ErrorClass {
    return errorRegistry[this.code].class;
  }

  get problem(): Problem {
    return problemOf(this.code, this.values);
  }
}

/** Any thrown value as an AgentError; what is not one becomes SP_INTERNAL with the original as its cause. */
export function toAgentError(thrown: unknown): AgentError {
  if (thrown instanceof AgentError) return thrown;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new AgentError('SP_INTERNAL', { reason }, { cause: thrown });
}
