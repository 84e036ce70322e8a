/**
 * The logging port. A message is a fixed string, data are fields; where lines go is the composition root's matter.
 */
import { Secret } from './secret.ts';

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

function plain(value: unknown): unknown {
  if (value instanceof Secret) return value.toJSON();
  if (value instanceof Error) {
    return {
      name: value.name,
      message: value.message,
      ...(value.cause === undefined ? {} : { cause: plain(value.cause) }),
    };
  }
  return value;
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
    const data = Object.fromEntries(
      Object.entries({ ...options.fields, ...fields }).map(([name, value]) => [name, plain(value)]),
    );
    options.sink(JSON.stringify({ time: new Date(options.now()).toISOString(), level, message, ...data }));
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
