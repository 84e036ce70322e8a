/**
 * gRPC through the whole chain: a client and a service of grpc-js, HTTP/2 from end to end.
 */
import { once } from 'node:events';

import { expect, test } from '@playwright/test';
import { Metadata, status, type ServiceError } from '@grpc/grpc-js';

import { connectEcho, startGrpcService, type EchoClient, type GrpcService } from '../origins/grpc-service.ts';
import { createPublisher, type Published, type Publisher } from '../processes/published.ts';

let publisher: Publisher;
let service: GrpcService;
let site: Published;
let client: EchoClient;

test.beforeAll(async () => {
  publisher = await createPublisher();
  service = await startGrpcService();
  site = await publisher.publish(service.port, 'grpc');
  client = connectEcho(site.port, site.host);
});

test.afterAll(async () => {
  client.close();
  await publisher.close();
  service.close();
});

test('a call with metadata is answered with metadata before and after the message', async () => {
  const metadata = new Metadata();
  metadata.set('x-visitor', 'grpc-js');
  const answer = await new Promise<string>((resolve, reject) => {
    const call = client.unary('hello', metadata, (error, text) => {
      if (error !== null) reject(error);
      else setImmediate(() => resolve(`${text} ${head} ${trailer}`));
    });
    let head = '';
    let trailer = '';
    call.on('metadata', (fields: Metadata) => {
      head = String(fields.get('x-asked-by')[0]);
    });
    call.on('status', ({ metadata: fields }) => {
      trailer = (fields.get('x-checksum-bin')[0] as Buffer | undefined)?.toString('hex') ?? '';
    });
  });
  expect(answer).toBe('HELLO grpc-js 0001ff');
});

test('a failure arrives with its code, its words and its trailers', async () => {
  const error = await new Promise<ServiceError | null>((resolve) => {
    client.fail('there', resolve);
  });
  expect(error).toMatchObject({ code: status.FAILED_PRECONDITION, details: 'not there – now' });
  expect(error?.metadata.get('x-why')).toEqual(['because']);
});

test('ten thousand messages stream down, and a thousand up', async () => {
  const received: string[] = [];
  for await (const number of client.count('10000') as AsyncIterable<string>) received.push(number);
  expect(received).toHaveLength(10_000);
  expect(received.at(-1)).toBe('10000');

  const sum = await new Promise<string | undefined>((resolve, reject) => {
    const call = client.sum((error, text) => (error === null ? resolve(text) : reject(error)));
    for (let number = 1; number <= 1000; number += 1) call.write(String(number));
    call.end();
  });
  expect(sum).toBe('500500');
});

test('both sides talk as long as they like, word by word', async () => {
  const call = client.talk();
  for (const words of ['one', 'two', 'three']) {
    const heard = once(call, 'data');
    call.write(words);
    expect((await heard)[0]).toBe(`you said ${words}`);
  }
  const ended = once(call, 'end');
  call.end();
  call.resume();
  await ended;
});

test('a hundred calls at once share one connection', async () => {
  const answers = await Promise.all(
    Array.from(
      { length: 100 },
      (_, index) =>
        new Promise<string | undefined>((resolve, reject) => {
          client.unary(`call ${index}`, new Metadata(), (error, text) =>
            error === null ? resolve(text) : reject(error),
          );
        }),
    ),
  );
  expect(answers).toEqual(Array.from({ length: 100 }, (_, index) => `CALL ${index}`));
});

test('a deadline and a cancelled call end at the service too', async () => {
  const hang = (deadline?: number): { readonly error: Promise<ServiceError | null>; cancel(): void } => {
    let cancel = (): void => {};
    const error = new Promise<ServiceError | null>((resolve) => {
      const call = client.hang('x', new Metadata(), deadline === undefined ? {} : { deadline }, resolve);
      cancel = () => call.cancel();
    });
    return { error, cancel };
  };
  expect((await hang(Date.now() + 500).error)?.code).toBe(status.DEADLINE_EXCEEDED);
  await expect.poll(service.hanging).toBe(0);
  const call = hang();
  await expect.poll(service.hanging).toBe(1);
  call.cancel();
  expect((await call.error)?.code).toBe(status.CANCELLED);
  await expect.poll(service.hanging).toBe(0);
});

test('where nothing is published a client learns it at once, with a status it knows', async () => {
  const stranger = connectEcho(site.port, `nobody.localhost:${site.port}`);
  const error = await new Promise<ServiceError | null>((resolve) => {
    stranger.unary('hello', new Metadata(), (failure) => resolve(failure));
  });
  expect(error?.code).toBe(status.UNKNOWN);
  expect(error?.details).toContain('421');
  stranger.close();
});

test('a service that is not there is UNAVAILABLE, which clients retry', async () => {
  service.close();
  const error = await new Promise<ServiceError | null>((resolve) => {
    client.unary('hello', new Metadata(), (failure) => resolve(failure));
  });
  expect(error?.code).toBe(status.UNAVAILABLE);
});
