/**
 * A real gRPC service and client, of grpc-js: all four kinds of calls, metadata, trailers, status codes, deadlines. Messages
 * are plain text, since what they mean is nobody's business on the way.
 */
import {
  type Client,
  credentials,
  makeGenericClientConstructor,
  Metadata,
  Server,
  ServerCredentials,
  status,
  type ChannelOptions,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ClientWritableStream,
  type ServiceDefinition,
  type ServiceError,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';

const serialize = (text: string): Buffer => Buffer.from(text);
const deserialize = (bytes: Buffer): string => bytes.toString();
const method = (name: string, requestStream: boolean, responseStream: boolean) => ({
  path: `/sallyport.test.Echo/${name}`,
  requestStream,
  responseStream,
  requestSerialize: serialize,
  requestDeserialize: deserialize,
  responseSerialize: serialize,
  responseDeserialize: deserialize,
});

const definition: ServiceDefinition = {
  unary: method('Unary', false, false),
  fail: method('Fail', false, false),
  hang: method('Hang', false, false),
  count: method('Count', false, true),
  sum: method('Sum', true, false),
  talk: method('Talk', true, true),
};

export type GrpcService = {
  readonly port: number;
  /** Calls of Hang that are open. */
  readonly hanging: () => number;
  close(): void;
};

export async function startGrpcService(): Promise<GrpcService> {
  let hanging = 0;
  const implementation: UntypedServiceImplementation = {
    unary: (call: { request: string; metadata: Metadata; sendMetadata(metadata: Metadata): void }, answer: Answer) => {
      const head = new Metadata();
      head.set('x-asked-by', String(call.metadata.get('x-visitor')[0]));
      call.sendMetadata(head);
      const trailer = new Metadata();
      trailer.set('x-checksum-bin', Buffer.from([0, 1, 255]));
      answer(null, call.request.toUpperCase(), trailer);
    },
    fail: (call: { request: string }, answer: Answer) => {
      const trailer = new Metadata();
      trailer.set('x-why', 'because');
      answer({ code: status.FAILED_PRECONDITION, details: `not ${call.request} – now`, metadata: trailer });
    },
    hang: (call: { on(event: 'cancelled', listener: () => void): void }) => {
      hanging += 1;
      call.on('cancelled', () => {
        hanging -= 1;
      });
    },
    count: (call: { request: string; write(text: string): boolean; end(): void }) => {
      for (let number = 1; number <= Number(call.request); number += 1) call.write(String(number));
      call.end();
    },
    sum: (call: AsyncIterable<string>, answer: Answer) => {
      void (async () => {
        let sum = 0;
        for await (const number of call) sum += Number(number);
        answer(null, String(sum));
      })();
    },
    talk: (call: AsyncIterable<string> & { write(text: string): boolean; end(): void }) => {
      void (async () => {
        for await (const words of call) call.write(`you said ${words}`);
        call.end();
      })();
    },
  };
  const server = new Server();
  server.addService(definition, implementation);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return { port, hanging: () => hanging, close: () => server.forceShutdown() };
}

type Failure = { readonly code: status; readonly details: string; readonly metadata?: Metadata };
type Answer = (failure: Failure | null, text?: string, trailer?: Metadata) => void;

export type EchoClient = Client & {
  unary(text: string, metadata: Metadata, done: (error: ServiceError | null, text?: string) => void): ClientUnaryCall;
  fail(text: string, done: (error: ServiceError | null) => void): ClientUnaryCall;
  hang(
    text: string,
    metadata: Metadata,
    options: { readonly deadline?: number },
    done: (error: ServiceError | null) => void,
  ): ClientUnaryCall;
  count(text: string): ClientReadableStream<string>;
  sum(done: (error: ServiceError | null, text?: string) => void): ClientWritableStream<string>;
  talk(): ClientDuplexStream<string, string>;
};

/** A client that dials `port` on this machine and asks for `host`, as one who resolved that name would. */
export function connectEcho(port: number, host: string): EchoClient {
  const Echo = makeGenericClientConstructor(definition, 'Echo');
  const options: ChannelOptions = { 'grpc.default_authority': host };
  return new Echo(`127.0.0.1:${port}`, credentials.createInsecure(), options) as unknown as EchoClient;
}
