import { describe, expect, test } from 'vitest';

import { canaries } from './canaries.ts';
import { judge } from './judge.ts';

const found = (path: string, code: string): readonly string[] =>
  judge([{ path, text: `/** Purpose. */\n${code}\n` }]).map(({ message }) => message);

describe('every planted fault is found', () => {
  test.each(canaries.map((canary) => [canary.path, canary]))('%s', (_path, canary) => {
    expect(judge([canary])).toHaveLength(1);
  });
});

describe('what is allowed passes', () => {
  test.each([
    ['src-main/agent/x.ts', "import { KubeConfig } from '@kubernetes/client-node';\nimport '#tunnel/limits.ts';"],
    ['src-main/shell/x.ts', "import { app } from 'electron';\nimport { openAgent } from '../agent/open-agent.ts';"],
    ['src-renderer/x.tsx', "import type { AgentClient } from '#contract/ipc/contract.ts';\nexport const a = <p />;"],
    ['src-renderer/x.tsx', "import { type CallName } from '#contract/ipc/contract.ts';"],
    ['src-renderer/x.ts', "import { problemOf } from '#contract/errors/agent-error.ts';"],
    ['src-edge/x.test.ts', "import { createControlPlane } from '#control/control-plane.ts';\nimport './testing/a.ts';"],
    ['src-contract/x.ts', "import { z } from 'zod';"],
    ['src-base/x.ts', "// import 'node:fs' in a comment\nexport const text = \"import 'electron'\";"],
    ['src-renderer/vite.config.ts', "import { join } from 'node:path';"],
  ])('%s: %s', (path, code) => expect(found(path, code)).toEqual([]));
});

test('the reason for a tempting edge is said', () => {
  expect(found('src-tunnel/x.ts', "import '#kube/client.ts';")[0]).toContain('knows nothing of Kubernetes');
});

test('a relative path does not lead around the table', () => {
  expect(found('src-main/agent/x.ts', "import '../../src-edge/config.ts';")).toHaveLength(1);
  expect(found('src-main/agent/x.ts', "import '../shell/window.ts';")).toHaveLength(1);
});
