/**
 * Frames of the contract over a WebSocket (command line over a local socket, browser over loopback): JSON text, one
 * message a frame.
 */
import { z } from 'zod';

import type { Problem } from '../errors/agent-error.ts';

/** From client to agent. `name` and `params` are checked against the contract's table afterwards. */
export const clientMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('call'), id: z.int().min(0), name: z.string().max(64), params: z.unknown() }),
  z.strictObject({ type: z.literal('watch'), id: z.int().min(0), name: z.string().max(64) }),
  z.strictObject({ type: z.literal('unwatch'), id: z.int().min(0) }),
]);
export type ClientMessage = z.infer<typeof clientMessage>;

/** From agent to client; `id` repeats the request's. */
export type ServerMessage =
  | { readonly type: 'result'; readonly id: number; readonly value: unknown }
  | { readonly type: 'problem'; readonly id: number; readonly problem: Problem }
  | { readonly type: 'item'; readonly id: number; readonly item: unknown };
