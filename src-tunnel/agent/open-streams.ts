/**
 * The streams being served, by the backend they were admitted for, so that withdrawing a backend ends them.
 */
import type { ServerHttp2Stream } from 'node:http2';

import { abortStream } from '../transport/h2.ts';
import type { HostPort } from './address.ts';
import type { AllowList } from './allow-list.ts';
import { notAllowed, respondFailure } from './failure.ts';

export type OpenStreams = {
  /** Remembers `stream` until it closes. */
  add(stream: ServerHttp2Stream, target: HostPort): void;
  /**
   * Ends every stream whose target `allowList` does not admit, at once: whoever switches a service off means now, and
   * what is cut can be told from what is whole. A request without an answer gets one that says why. Returns how many.
   */
  endWithdrawn(allowList: AllowList): number;
};

export function createOpenStreams(): OpenStreams {
  const targets = new Map<ServerHttp2Stream, HostPort>();
  return {
    add: (stream, target) => {
      targets.set(stream, target);
      stream.once('close', () => targets.delete(stream));
    },
    endWithdrawn: (allowList) => {
      const withdrawn = [...targets].filter(([, target]) => !allowList.admits(target));
      for (const [stream] of withdrawn) {
        if (stream.headersSent) abortStream(stream);
        else respondFailure(stream, notAllowed);
      }
      return withdrawn.length;
    },
  };
}
