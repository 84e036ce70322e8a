/**
 * Validation of what reaches the engine process. The channel is private, but a bad message must name itself.
 */
import { z } from 'zod';

import type { AgentToEngine } from '#contract/engine.ts';

const text = z.string().min(1).max(253);
const port = z.int().min(1).max(65_535);
/** A chain of a few dozen certificates; more is a mistake. */
const maxBundleCharacters = 256 * 1024;
const maxEdges = 64;
const maxTargets = 10_000;

const edge = z.object({
  name: text,
  host: text,
  port,
  serverName: text,
  caBundle: z.string().max(maxBundleCharacters),
});

const messageSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('identity'),
    privateKey: z.string().min(1).max(4096),
    agentVersion: z.string().max(64).exactOptional(),
  }),
  z.object({
    type: z.literal('apply'),
    config: z.object({
      version: z.number(),
      connector: z.object({ namespace: text, name: text, uid: text }).nullable(),
      edges: z.array(edge).max(maxEdges),
      allow: z.array(z.object({ host: text, port, protocol: z.literal('TCP') })).max(maxTargets),
    }),
  }),
  z.object({ type: z.literal('ping'), id: z.number() }),
  z.object({ type: z.literal('drain'), graceMs: z.number().min(0) }),
]);

/** The message, or the paths of what is wrong with it; never its values, one of which may be the key. */
export function parseMessage(
  data: unknown,
): AgentToEngine | { readonly type: 'invalid'; readonly at: readonly string[] } {
  const parsed = messageSchema.safeParse(data);
  if (parsed.success) return parsed.data;
  return { type: 'invalid', at: parsed.error.issues.map(({ path }) => path.join('.')) };
}
