/**
 * The edge's way through a tunnel: one function for a request, one for an upgrade, one for a request over HTTP/2.
 */
export type { Failure, ForwardOutcome } from './answer.ts';
export { forwardRequest, type ForwardOptions } from './forward-request.ts';
export { forwardStream } from './forward-stream.ts';
export { forwardUpgrade } from './forward-upgrade.ts';
export type { Backend } from './visitor-request.ts';
