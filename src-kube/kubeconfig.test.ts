import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { createLogger } from '#base/logger.ts';
import { AgentError } from '#contract/errors/agent-error.ts';
import { kinds } from '#contract/resources/kinds.ts';
import { createKubeClient } from './client.ts';
import { defaultKubeconfigPath, readKubeconfig } from './kubeconfig.ts';
import { startScriptedApiServer } from './testing/scripted-api-server.ts';

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sallyport-kubeconfig-'));
  path = join(directory, 'config');
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const twoContexts = `
apiVersion: v1
kind: Config
clusters:
  - name: home
    cluster: { server: https://home.example:6443/ }
  - name: work
    cluster: { server: https://work.example }
  - name: plain
    cluster: { server: http://plain.example }
  - name: unverified
    cluster: { server: https://unverified.example, insecure-skip-tls-verify: true }
users:
  - { name: me, user: { token: secret-token } }
contexts:
  - { name: home, context: { cluster: home, user: me } }
  - { name: work, context: { cluster: work, user: me, namespace: team } }
  - { name: plain, context: { cluster: plain, user: me } }
  - { name: unverified, context: { cluster: unverified, user: me } }
  - { name: lost, context: { cluster: nowhere, user: me } }
`;

/** The AgentError that `call` throws or rejects with. */
async function failureOf(call: () => unknown): Promise<AgentError> {
  let outcome: unknown = null;
  try {
    await call();
  } catch (error) {
    outcome = error;
  }
  if (!(outcome instanceof AgentError)) throw new Error('No AgentError', { cause: outcome });
  return outcome;
}

const load = async (text: string) => {
  await writeFile(path, text);
  return readKubeconfig(path);
};

test('lists its contexts with server and namespace', async () => {
  const loaded = await load(`${twoContexts}\ncurrent-context: work\n`);
  expect(loaded.path).toBe(path);
  expect(loaded.currentContext).toBe('work');
  expect(loaded.contexts.slice(0, 2)).toEqual([
    { name: 'home', server: 'https://home.example:6443', namespace: 'default' },
    { name: 'work', server: 'https://work.example', namespace: 'team' },
  ]);
});

test('two of its contexts can be in use at once', async () => {
  const loaded = await load(twoContexts);
  const home = loaded.use('home');
  const work = loaded.use('work');
  expect([home.getCurrentCluster()?.server, work.getCurrentCluster()?.server]).toEqual([
    'https://home.example:6443',
    'https://work.example',
  ]);
});

test.each([
  ['none', twoContexts],
  ['one that does not exist', `${twoContexts}\ncurrent-context: gone\n`],
])('has no current context where the file names %s', async (_name, text) => {
  expect((await load(text)).currentContext).toBeNull();
});

test('a context that it does not have is SP_KUBECONFIG_CONTEXT_UNKNOWN, with those that it has', async () => {
  const loaded = await load(twoContexts);
  const error = await failureOf(() => loaded.use('gone'));
  expect(error.code).toBe('SP_KUBECONFIG_CONTEXT_UNKNOWN');
  expect(error.values).toEqual({ context: 'gone', contexts: 'home, work, plain, unverified, lost' });
});

test.each(['plain', 'unverified', 'lost'])(
  'a context whose server cannot be used safely is refused: %s',
  async (context) => {
    const loaded = await load(twoContexts);
    const error = await failureOf(() => loaded.use(context));
    expect(error.code).toBe('SP_KUBECONFIG_UNREADABLE');
    expect(error.problem.detail).toContain(context);
  },
);

describe('SP_KUBECONFIG_UNREADABLE is', () => {
  const expectUnreadable = async (reason: RegExp): Promise<AgentError> => {
    const error = await failureOf(() => readKubeconfig(path));
    expect(error.code).toBe('SP_KUBECONFIG_UNREADABLE');
    expect(error.problem.detail).toContain(path);
    expect(error.problem.detail).toMatch(reason);
    return error;
  };

  test('a file that is missing', () => expectUnreadable(/There is no file/));

  test('a folder', async () => {
    await mkdir(path);
    await expectUnreadable(/not a file|EISDIR/);
  });

  test('a file that is far too large', async () => {
    await writeFile(path, Buffer.alloc(5 << 20, '#'));
    await expectUnreadable(/too large/);
  });

  test.each([
    ['broken YAML', 'contexts: [unclosed\nusers: }'],
    ['an empty file', ''],
    ['a plain text', 'hello'],
    ['a list', '- a\n- b'],
    ['an entry without what it must have', 'contexts:\n  - name: a'],
    ['a nameless user', 'users:\n  - user: { token: x }'],
  ])('%s', async (_name, text) => {
    await writeFile(path, text);
    await expectUnreadable(/is not a kubeconfig: .+\.$/);
  });

  test('a file without contexts', async () => {
    await writeFile(path, 'apiVersion: v1\nkind: Config\n');
    await expectUnreadable(/has no contexts/);
  });

  test('and does not quote the file, where a token may stand', async () => {
    await writeFile(path, 'users:\n  - name: me\n    user: { token: secret-token, }}\n');
    const error = await expectUnreadable(/is not a kubeconfig/);
    const lines: string[] = [];
    createLogger({ level: 'debug', sink: (line) => lines.push(line), now: () => 0 }).error('x', { error });
    expect(lines.join()).toContain('SP_KUBECONFIG_UNREADABLE');
    expect(lines.join()).not.toContain('secret-token');
  });
});

test('certificates and tokens are found beside the file, wherever the program runs', async () => {
  const server = await startScriptedApiServer();
  await mkdir(join(directory, 'secrets'));
  await writeFile(join(directory, 'secrets', 'ca.pem'), server.cert);
  await writeFile(join(directory, 'secrets', 'token'), 'mounted-token');
  const loaded = await load(`
clusters:
  - { name: c, cluster: { server: "https://127.0.0.1:${server.port}", certificate-authority: secrets/ca.pem } }
users:
  - { name: u, user: { tokenFile: secrets/token } }
contexts:
  - { name: x, context: { cluster: c, user: u } }
`);
  const client = createKubeClient(loaded.use('x'));
  await client.resource(kinds.connector).get({ namespace: 'default', name: 'a' });
  client.close();
  await server.close();
  expect(server.requests[0]?.headers.authorization).toBe('Bearer mounted-token');
});

test('the default is where kubectl would look', () => {
  const inHome = join('/home/me', '.kube', 'config');
  expect(defaultKubeconfigPath({}, '/home/me')).toBe(inHome);
  expect(defaultKubeconfigPath({ KUBECONFIG: '' }, '/home/me')).toBe(inHome);
  expect(defaultKubeconfigPath({ KUBECONFIG: ['', '/a', '/b'].join(delimiter) }, '/home/me')).toBe('/a');
});
