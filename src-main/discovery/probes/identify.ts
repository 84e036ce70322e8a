/**
 * Finds out what speaks on a local port: listens for a greeting first, and asks one polite question after another only
 * while nothing is known. docs/discovery.md says what is sent; keep it true.
 */
import type { Clock } from '#base/clock.ts';

import { askPostgresql, askRedis } from './ask-databases.ts';
import { askHttp, type HttpAnswer } from './ask-http.ts';
import { askTls } from './ask-tls.ts';
import { dial, listen, type Endpoint, type ProbeContext } from './conversation.ts';
import { identityOf, type Identity } from './identity.ts';
import { isTlsAlert, recognise } from './spoken-words.ts';
import { firstQuestion, guess, mustBeLeftAlone } from './well-known.ts';

/** Servers that greet do so at once. */
const greetingMs = 150;
/** For all questions to one port together. */
const identifyTimeoutMs = 4000;

type Question = () => Promise<Identity | null>;

/** The questions to one port; each opens a connection of its own, and closes it. */
function questionsTo(endpoint: Endpoint, context: ProbeContext) {
  const { port } = endpoint;

  const tls: Question = async () => {
    const socket = await dial(endpoint, context);
    const session = socket === null ? null : await askTls(socket, context);
    if (session === null) return null;
    if (session === 'refused') return identityOf('tls', { secure: true });
    const answer = await askHttp(session.socket, port, true, context);
    if (answer.outcome !== 'answered') return identityOf('tls', { secure: true, product: session.certificateName });
    return { ...answer.identity, product: answer.identity.product ?? session.certificateName };
  };
  const postgresql: Question = async () => {
    const socket = await dial(endpoint, context);
    return socket === null ? null : askPostgresql(socket, context);
  };
  const redis: Question = async () => {
    const socket = await dial(endpoint, context);
    return socket === null ? null : askRedis(socket, context);
  };
  const http = async (): Promise<HttpAnswer | null> => {
    const socket = await dial(endpoint, context);
    return socket === null ? null : askHttp(socket, port, false, context);
  };
  return { tls, postgresql, redis, http };
}

/** The first that answers its question. */
async function firstAnswer(questions: readonly Question[]): Promise<Identity | null> {
  for (const question of questions) {
    const identity = await question();
    if (identity !== null) return identity;
  }
  return null;
}

async function converse(endpoint: Endpoint, program: string | null, context: ProbeContext): Promise<Identity | null> {
  const socket = await dial(endpoint, context);
  if (socket === null) return null;
  const greeting = await listen(socket, greetingMs, context, (bytes) => recognise(bytes) !== null);
  socket.destroy();
  if (greeting.bytes.length > 0) return recognise(greeting.bytes);

  const questions = questionsTo(endpoint, context);
  const first = firstQuestion(endpoint.port, program);
  const early = first === 'http' ? null : await questions[first]();
  if (early !== null) return early;
  const answer = await questions.http();
  if (answer === null || answer.outcome === 'silent') return null;
  if (answer.outcome === 'answered') return (answer.wantsTls ? await questions.tls() : null) ?? answer.identity;
  if (isTlsAlert(answer.bytes)) return questions.tls();
  // What has said something else will not say more on being asked again; what hung up may want another language.
  if (answer.bytes.length > 0) return recognise(answer.bytes);
  const left = (['tls', 'postgresql', 'redis'] as const).filter((name) => name !== first);
  return firstAnswer(left.map((name) => questions[name]));
}

/** What speaks at `endpoint`, or a guess by port and program if it does not show it in time. Never rejects. */
export async function identify(
  endpoint: Endpoint,
  program: string | null,
  options: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Identity> {
  const { clock, signal } = options;
  if (mustBeLeftAlone(endpoint.port, program)) return guess(endpoint.port, program);
  const limit = new AbortController();
  const end = (): void => limit.abort();
  const cancel = clock.after(identifyTimeoutMs, end);
  signal.addEventListener('abort', end, { once: true });
  try {
    const context = { clock, signal: limit.signal };
    return (await converse(endpoint, program, context)) ?? guess(endpoint.port, program);
  } finally {
    cancel();
    signal.removeEventListener('abort', end);
  }
}
