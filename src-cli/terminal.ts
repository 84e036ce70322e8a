/**
 * Writes for people (words, colours on a terminal) or for programs (one JSON object a line).
 */
import type { Problem } from '#contract/errors/agent-error.ts';

export type TextStream = { write(text: string): unknown; readonly isTTY?: boolean };

export type Terminal = {
  /** True if output is for programs. */
  readonly json: boolean;
  /** A line for people; nothing with --json. */
  say(line: string): void;
  /** A line that the next one replaces; only on a terminal. */
  sayInPlace(line: string): void;
  /** An object for programs; nothing without --json. */
  event(event: Readonly<Record<string, unknown>>): void;
  /** A failure for people, on standard error. */
  explain(problem: Problem): void;
  readonly style: Style;
};

export type Style = Readonly<Record<'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'cyan', (text: string) => string>>;

/** SGR codes of ECMA-48: what switches each on and off. */
const codes = {
  bold: [1, 22],
  dim: [2, 22],
  green: [32, 39],
  yellow: [33, 39],
  red: [31, 39],
  cyan: [36, 39],
} as const;

const plain: Style = {
  bold: (text) => text,
  dim: (text) => text,
  green: (text) => text,
  yellow: (text) => text,
  red: (text) => text,
  cyan: (text) => text,
};

function styleFor(stream: TextStream, env: Readonly<Record<string, string | undefined>>): Style {
  // https://no-color.org: any value that is not empty.
  const noColor = env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '';
  if (stream.isTTY !== true || noColor || env['TERM'] === 'dumb') return plain;
  const paint =
    (name: keyof typeof codes) =>
    (text: string): string =>
      `\u001B[${codes[name][0]}m${text}\u001B[${codes[name][1]}m`;
  return {
    bold: paint('bold'),
    dim: paint('dim'),
    green: paint('green'),
    yellow: paint('yellow'),
    red: paint('red'),
    cyan: paint('cyan'),
  };
}

/** Text from a control plane or a service without what would steer the terminal. */
function printable(text: string): string {
  // SECURITY: names and messages of others could move the cursor and forge output.
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replace(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g, '');
}

/** The words of `problem`, with its code, over several lines. */
function problemText(problem: Problem, style: Style = plain): string {
  return [
    `${style.red('✗')} ${style.bold(printable(problem.title))}`,
    `  ${printable(problem.detail)}`,
    `  → ${printable(problem.action)}`,
    `  ${style.dim(problem.code)}`,
  ].join('\n');
}

export function createTerminal(options: {
  readonly out: TextStream;
  readonly error: TextStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly json: boolean;
}): Terminal {
  const { out, error, env, json } = options;
  const style = styleFor(out, env);
  let inPlace = false;
  const clear = (): string => {
    const code = inPlace ? '\r\u001B[2K' : '';
    inPlace = false;
    return code;
  };
  return {
    json,
    style,
    say: (line) => {
      if (!json) out.write(`${clear()}${line}\n`);
    },
    sayInPlace: (line) => {
      if (json || out.isTTY !== true) return;
      out.write(`${clear()}${line}`);
      inPlace = true;
    },
    event: (event) => {
      if (json) out.write(`${JSON.stringify(event)}\n`);
    },
    explain: (problem) => {
      if (inPlace) out.write(clear());
      error.write(`${problemText(problem, styleFor(error, env))}\n`);
    },
  };
}
