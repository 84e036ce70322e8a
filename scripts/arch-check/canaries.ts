/**
 * Modules with one planted fault each. A check that does not find all of them proves nothing.
 */
import type { SourceModule } from './judge.ts';

const opening = '/** Canary. */\n';

export const canaries: readonly SourceModule[] = [
  { path: 'src-contract/canary.ts', text: `${opening}import { openAgent } from '#main/agent/open-agent.ts';` },
  { path: 'src-base/canary.ts', text: `${opening}import { readFile } from 'node:fs/promises';` },
  { path: 'src-base/canary.ts', text: `${opening}import { z } from 'zod';` },
  { path: 'src-kube/canary.ts', text: `${opening}export * from '../src-edge/config.ts';` },
  { path: 'src-tunnel/canary.ts', text: `${opening}const kube = await import('#kube/client.ts');` },
  { path: 'src-tunnel/canary.ts', text: `${opening}type Client = import('#kube/client.ts').KubeClient;` },
  { path: 'src-main/canary.ts', text: `${opening}import { app } from 'electron';` },
  { path: 'src-main/canary.ts', text: `${opening}import { openWindow } from './shell/window.ts';` },
  { path: 'src-main/shell/canary.ts', text: `${opening}export type { Claim } from '#tunnel/registration/proof.ts';` },
  { path: 'src-renderer/canary.tsx', text: `${opening}import { contract } from '#contract/ipc/contract.ts';` },
  { path: 'src-renderer/canary.tsx', text: `${opening}import os from 'os';\nconst page = <p>{os.type()}</p>;` },
  { path: 'src-edge/canary.ts', text: `${opening}const control = require('../src-control/main.ts');` },
  { path: 'src-control/canary.ts', text: `${opening}import { createKubeClient } from '#kube/client.ts';` },
  { path: 'src-cli/canary.ts', text: `${opening}const part = await import(process.argv[2]);` },
  { path: 'src-cli/canary.ts', text: `${opening}import '#shell/main.ts';` },
  { path: 'src-edge/canary.ts', text: `${opening}import { platform } from './testing/platform.ts';` },
  { path: 'src-edge/canary.test.ts', text: "import { app } from 'electron';" },
  { path: 'src-edge/helpers/canary.ts', text: opening },
  { path: 'src-edge/canary.ts', text: 'export {};' },
  { path: 'src-edge/canary.ts', text: `${opening}${'\n'.repeat(1000)}` },
  { path: 'src-unknown/canary.ts', text: opening },
];
