/**
 * Calls to a Kubernetes API as one user, with nothing of the product in between.
 */
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { createInterface } from 'node:readline';

export type ApiAnswer = {
  readonly status: number;
  /** The object, list or Status. */
  readonly body: unknown;
  readonly headers: IncomingMessage['headers'];
};

export type CallOptions = {
  /** Media type of the body; JSON, or a merge patch where the method is PATCH. */
  readonly type?: string;
  readonly accept?: string;
};

export type WatchEvent = { readonly type: string; readonly object: unknown };

/** A watch under way. */
export type Watching = {
  readonly status: number;
  /** What has arrived so far. */
  readonly events: readonly WatchEvent[];
  /** Whether the server has ended the stream. */
  readonly ended: boolean;
  close(): void;
};

export type ApiClient = {
  /** `body` is sent as JSON, a string as it is. */
  call(method: string, path: string, body?: unknown, options?: CallOptions): Promise<ApiAnswer>;
  /** Opens a watch; `path` says so itself (`?watch=true`). */
  watch(path: string, options?: CallOptions): Promise<Watching>;
  /** What the server says it serves, each as `plural.group/version`; kubectl knows no others. */
  discover(): Promise<ReadonlySet<string>>;
  /** Server-side apply of `manifest`. Throws what the server objects to. */
  apply(manifest: Manifest): Promise<void>;
};

export type Manifest = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
};

/** Aggregated discovery, which current kubectl asks for. */
const discoveryType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

type GroupList = {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly versions: readonly {
      readonly version: string;
      readonly resources: readonly { readonly resource: string }[];
    }[];
  }[];
};

const callTimeoutMs = 20_000;

/** The kinds that the tests apply. */
const plurals: Readonly<Record<string, string>> = {
  CustomResourceDefinition: 'customresourcedefinitions',
  ClusterRole: 'clusterroles',
  ClusterRoleBinding: 'clusterrolebindings',
  RoleBinding: 'rolebindings',
};

function pathOf({ apiVersion, kind, metadata }: Manifest): string {
  const plural = plurals[kind];
  if (plural === undefined) throw new Error(`the tests apply no ${kind}`);
  const scope = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
  return `/apis/${apiVersion}${scope}/${plural}/${metadata.name}`;
}

export function createApiClient(options: {
  readonly server: string;
  readonly ca: string;
  readonly token: string;
}): ApiClient {
  const agent = new Agent({ ca: options.ca, minVersion: 'TLSv1.3', keepAlive: true });
  const open = (
    method: string,
    path: string,
    body: unknown,
    { type = 'application/json', accept = 'application/json' }: CallOptions,
    signal: AbortSignal,
  ): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const content = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
      const sent = request(`${options.server}${path}`, {
        method,
        agent,
        signal,
        headers: {
          authorization: `Bearer ${options.token}`,
          accept,
          ...(content === undefined ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(content) }),
        },
      });
      sent.once('error', reject);
      sent.once('response', resolve);
      sent.end(content);
    });

  const call: ApiClient['call'] = async (method, path, body, given = {}) => {
    const type = given.type ?? (method === 'PATCH' ? 'application/merge-patch+json' : 'application/json');
    const response = await open(method, path, body, { ...given, type }, AbortSignal.timeout(callTimeoutMs));
    const { statusCode: status = 0, headers } = response;
    response.setEncoding('utf8');
    const text = (await response.toArray()).join('');
    const isJson = headers['content-type']?.startsWith('application/json') === true;
    return { status, body: isJson ? JSON.parse(text) : text, headers };
  };

  return {
    call,
    watch: async (path, given = {}) => {
      const closing = new AbortController();
      const response = await open('GET', path, undefined, given, closing.signal);
      const events: WatchEvent[] = [];
      let ended = false;
      const lines = createInterface({ input: response });
      lines.on('line', (line) => events.push(JSON.parse(line) as WatchEvent));
      lines.on('error', () => {});
      // That the watcher leaves is no failure.
      response.on('error', () => {});
      response.once('close', () => (ended = true));
      return {
        status: response.statusCode ?? 0,
        events,
        get ended() {
          return ended;
        },
        close: () => closing.abort(),
      };
    },
    discover: async () => {
      const { body } = await call('GET', '/apis', undefined, { accept: discoveryType });
      return new Set(
        (body as GroupList).items.flatMap(({ metadata, versions }) =>
          versions.flatMap(({ version, resources }) =>
            resources.map(({ resource }) => `${resource}.${metadata.name}/${version}`),
          ),
        ),
      );
    },
    apply: async (manifest) => {
      const path = `${pathOf(manifest)}?fieldManager=sallyport-tests&force=true&fieldValidation=Strict`;
      // JSON is YAML.
      const { status, body } = await call('PATCH', path, manifest, { type: 'application/apply-patch+yaml' });
      if (status !== 200 && status !== 201) {
        throw new Error(`${manifest.kind} ${manifest.metadata.name}: ${status} ${JSON.stringify(body)}`);
      }
    },
  };
}
