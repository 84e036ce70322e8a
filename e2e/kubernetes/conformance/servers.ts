/**
 * The two control planes that the conformance suite compares, and how a check names what it needs of them.
 *
 * A `check` is one statement that has to hold on either server, so it makes two tests. What the servers answer alike
 * beyond that, word for word or row for row, is compared by tests that take both.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';

import { test as base } from '@playwright/test';

import type { Access, Role } from '../access.ts';
import { provideKubectl } from '../build-server.ts';
import { startEmbeddedServer } from '../embedded-server.ts';
import { startKubernetesServer } from '../kubernetes-server.ts';

const serverNames = ['kubernetes', 'embedded'] as const;
export type ServerName = (typeof serverNames)[number];

export type KubectlOutcome = { readonly code: number; readonly stdout: string; readonly stderr: string };

export type Server = Access & {
  readonly name: ServerName;
  readonly server: string;
  /** PEM certificate of the server's authority. */
  readonly ca: string;
  /** Runs kubectl to its end; `input` is what it reads from `-f -`. */
  kubectl(
    args: readonly string[],
    options?: { readonly role?: Role; readonly input?: string },
  ): Promise<KubectlOutcome>;
};

export type Servers = Readonly<Record<ServerName, Server>>;

/** Of the build, if there is nothing yet. */
const firstBuildMs = 30 * 60_000;
const kubectlTimeoutMs = 60_000;

/** The servers live as long as the worker: every check uses names of its own. */
export const test = base.extend<object, { readonly servers: Servers }>({
  servers: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the names of the fixtures that are used here.
    async ({}, use) => {
      const program = await provideKubectl();
      const kubernetes = await startKubernetesServer();
      try {
        const embedded = await startEmbeddedServer();
        try {
          await use({
            kubernetes: toServer('kubernetes', kubernetes, program),
            embedded: toServer('embedded', embedded, program),
          });
        } finally {
          await embedded.stop();
        }
      } finally {
        await kubernetes.stop();
      }
    },
    { scope: 'worker', timeout: firstBuildMs },
  ],
});

export const { expect } = base;

type Started = Access & {
  readonly server: string;
  readonly directory: string;
  readonly authority: { readonly cert: string };
};

function toServer(name: ServerName, started: Started, program: string): Server {
  const { server, as, kubeconfigs, directory, authority } = started;
  return {
    name,
    server,
    as,
    kubeconfigs,
    ca: authority.cert,
    kubectl: (args, { role = 'admin', input = '' } = {}) =>
      new Promise((resolve, reject) => {
        const common = ['--kubeconfig', kubeconfigs[role], '--cache-dir', join(directory, 'kubectl')];
        const options = { timeout: kubectlTimeoutMs, env: { ...process.env, HOME: directory } };
        const child = execFile(program, [...common, ...args], options, (error, stdout, stderr) => {
          const code = error === null ? 0 : error.code;
          if (typeof code === 'number') resolve({ code, stdout, stderr });
          else reject(error ?? new Error('kubectl ended without a code'));
        });
        child.stdin?.end(input);
      }),
  };
}

/** States what holds on both servers; `body` runs once on each. */
export function check(title: string, body: (on: Server) => Promise<void>): void {
  for (const name of serverNames) {
    test(`${title} (${name})`, ({ servers }) => body(servers[name]));
  }
}

/** Both answers at once, for comparing them. */
export async function onBoth<T>(
  servers: Servers,
  ask: (on: Server) => Promise<T>,
): Promise<Readonly<Record<ServerName, T>>> {
  const [kubernetes, embedded] = await Promise.all([ask(servers.kubernetes), ask(servers.embedded)]);
  return { kubernetes, embedded };
}
