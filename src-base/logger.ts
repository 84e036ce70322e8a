/**
 * The logging port. A message is a fixed string, data are fields; where lines go is the composition root's matter.
 */

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, unknown>>;

export type Logger = {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to each line. */
  child(fields: LogFields): Logger;
};

/** Takes one finished JSON line, without the newline. */
export type LogSink = (line: string) => void;

const order: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** Causes of causes that are written; an error may be its own cause. */
const maxCauses = 5;

/** Errors that say a program is wrong, not the world: their stack is what helps. */
function isBug(error: Error): boolean {
  return error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;
}

function plainError(error: Error, causesLeft: number): Readonly<Record<string, unknown>> {
  const { code } = error as { readonly code?: unknown };
  const { cause } = error;
  return {
    name: error.name,
    message: error.message,
    ...(code === undefined ? {} : { code }),
    ...(isBug(error) ? { stack: error.stack } : {}),
    ...(cause === undefined || causesLeft === 0
      ? {}
      : { cause: cause instanceof Error ? plainError(cause, causesLeft - 1) : cause }),
  };
}

/** What JSON cannot say by itself. Secrets redact themselves. */
function plain(_name: string, value: unknown): unknown {
  if (value instanceof Error) return plainError(value, maxCauses);
  if (typeof value === 'bigint') return String(value);
  return value;
}

/** `fields` as they are written; a log line never throws, not even for a field that contains itself. */
function serialize(head: LogFields, fields: LogFields): string {
  try {
    // `head` once more at the end, so that no field takes the place of time, level or message.
    return JSON.stringify({ ...head, ...fields, ...head }, plain);
  } catch {
    return JSON.stringify({ ...head, unserializable: Object.keys(fields) });
  }
}

/** A logger that writes JSON lines with `time`, `level`, `message` and the fields. */
export function createLogger(options: {
  readonly level: LogLevel;
  readonly sink: LogSink;
  readonly now: () => number;
  readonly fields?: LogFields;
}): Logger {
  const write = (level: LogLevel, message: string, fields: LogFields = {}): void => {
    if (order[level] < order[options.level]) return;
    const time = new Date(options.now()).toISOString();
    options.sink(serialize({ time, level, message }, { ...options.fields, ...fields }));
  };
  return {
    debug: (message, fields) => write('debug', message, fields),
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
    child: (fields) => createLogger({ ...options, fields: { ...options.fields, ...fields } }),
  };
}

/** Discards everything; for tests and for parts that run without a log. */
export const silentLogger: Logger = createLogger({ level: 'error', sink: () => {}, now: () => 0 });
