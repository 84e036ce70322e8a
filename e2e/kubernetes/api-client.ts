/**
 * Calls to a Kubernetes API as one user, with nothing of the product in between.
 */
import { request } from 'node:https';

export type ApiAnswer = {
  readonly status: number;
  /** The object, list or Status. */
  readonly body: unknown;
};

export type ApiClient = {
  call(method: string, path: string, body?: unknown): Promise<ApiAnswer>;
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
  const send = (
    method: string,
    path: string,
    body: unknown,
    contentType: string,
    accept = 'application/json',
  ): Promise<ApiAnswer> =>
    new Promise((resolve, reject) => {
      const sent = request(`${options.server}${path}`, {
        method,
        ca: options.ca,
        minVersion: 'TLSv1.3',
        agent: false,
        signal: AbortSignal.timeout(callTimeoutMs),
        headers: { authorization: `Bearer ${options.token}`, accept, 'content-type': contentType },
      });
      sent.once('error', reject);
      sent.once('response', (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.once('error', reject);
        response.once('end', () => {
          const isJson = response.headers['content-type']?.startsWith('application/json') === true;
          resolve({ status: response.statusCode ?? 0, body: isJson ? JSON.parse(text) : text });
        });
      });
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });

  return {
    call: (method, path, body) =>
      send(method, path, body, method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'),
    discover: async () => {
      const { body } = await send('GET', '/apis', undefined, 'application/json', discoveryType);
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
      const { status, body } = await send('PATCH', path, manifest, 'application/apply-patch+yaml');
      if (status !== 200 && status !== 201) {
        throw new Error(`${manifest.kind} ${manifest.metadata.name}: ${status} ${JSON.stringify(body)}`);
      }
    },
  };
}
