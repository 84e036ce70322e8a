/**
 * A language model's server as its clients see it: tokens as server-sent events, in the shape of OpenAI's chat API, at the
 * pace of a model.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type TokenOrigin = {
  readonly port: number;
  /** Answers that are being generated. */
  readonly generating: () => number;
  /** Tokens sent so far for the prompt. */
  readonly sent: (prompt: string) => number;
  close(): Promise<void>;
};

/** 100 tokens a second. */
const tokenMs = 10;

/** Token `index` of the answer to `prompt`. */
export function tokenOf(prompt: string, index: number): string {
  return ` ${prompt}-${index}`;
}

export async function startTokenOrigin(tokens: number): Promise<TokenOrigin> {
  let generating = 0;
  const sent = new Map<string, number>();

  const generate = async (prompt: string, response: ServerResponse): Promise<void> => {
    generating += 1;
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    for (let index = 0; index < tokens && !response.destroyed; index += 1) {
      const chunk = { choices: [{ delta: { content: tokenOf(prompt, index) } }] };
      response.write(`data: ${JSON.stringify(chunk)}\n\n`);
      sent.set(prompt, index + 1);
      await sleep(tokenMs);
    }
    response.end('data: [DONE]\n\n');
    generating -= 1;
  };

  const server = createServer((request, response) => {
    if (request.url !== '/v1/chat/completions') {
      response.writeHead(404).end();
      return;
    }
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.once('end', () => {
      const { messages } = JSON.parse(body) as { messages: [{ content: string }] };
      void generate(messages[0].content, response);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    generating: () => generating,
    sent: (prompt) => sent.get(prompt) ?? 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
