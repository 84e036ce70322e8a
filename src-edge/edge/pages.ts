/**
 * The words for what did not come from a service: why, said honestly, and nothing about the machine behind the tunnel.
 */
import type { EdgeReason } from '../probe-wire.ts';

export type Page = {
  readonly status: number;
  readonly title: string;
  readonly text: string;
  /** What the owner of the service can do. */
  readonly hint: string;
  /** Seconds after which a visitor may try again. */
  readonly retryAfterSeconds?: number;
};

/** RFC 9209 §2.3 error type of each of the edge's own reasons. */
const proxyErrors: Readonly<Record<EdgeReason, string>> = {
  BadRequest: 'http_request_error',
  VisitorLimit: 'http_request_denied',
  RoutesNotLoaded: 'destination_unavailable',
  UnknownHost: 'destination_not_found',
  NoRule: 'destination_not_found',
  SwitchedOff: 'destination_unavailable',
  TunnelNotOnline: 'destination_unavailable',
  TunnelSilent: 'connection_read_timeout',
  TunnelBusy: 'connection_limit_reached',
  TunnelBroke: 'connection_terminated',
};

const retrySoonSeconds = 5;

const edgePages: Readonly<Record<EdgeReason, Page>> = {
  BadRequest: {
    status: 400,
    title: 'Bad request',
    text: 'The request does not say clearly which host it is for.',
    hint: 'Send exactly one Host header with the name of the site.',
  },
  VisitorLimit: {
    status: 429,
    title: 'Too many requests from one address',
    text: 'Your address has as many requests open at this edge as one address may have.',
    hint: 'Close some of them, or wait until they have ended.',
    retryAfterSeconds: retrySoonSeconds,
  },
  RoutesNotLoaded: {
    status: 503,
    title: 'Starting',
    text: 'This edge has just started and has not loaded its routes yet.',
    hint: 'If this lasts, check that the edge reaches its control plane.',
    retryAfterSeconds: retrySoonSeconds,
  },
  UnknownHost: {
    status: 421,
    title: 'Nothing is published here',
    text: 'No service is published under this name on this edge.',
    hint: 'Check the address; a service that was deleted gives its name back.',
  },
  NoRule: {
    status: 404,
    title: 'No route for this path',
    text: 'The service that is published under this name does not publish this path.',
    hint: 'Check the path, or add a rule for it.',
  },
  SwitchedOff: {
    status: 503,
    title: 'Switched off',
    text: 'This service is switched off by its owner.',
    hint: 'Switch it on in Sallyport to make it reachable again under the same address.',
    retryAfterSeconds: 30,
  },
  TunnelNotOnline: {
    status: 503,
    title: 'Tunnel not online',
    text: 'The machine that runs this service is not connected right now.',
    hint: 'Check that Sallyport runs on that machine and that it has a network connection.',
    retryAfterSeconds: retrySoonSeconds,
  },
  TunnelSilent: {
    status: 504,
    title: 'Tunnel silent',
    text: 'The machine that runs this service is connected and does not answer right now.',
    hint: 'Check that the machine is not overloaded; Sallyport reconnects by itself if the connection is dead.',
    retryAfterSeconds: retrySoonSeconds,
  },
  TunnelBusy: {
    status: 503,
    title: 'Too many requests at once',
    text: 'The tunnel to this service carries as many requests as it can.',
    hint: 'Try again in a moment.',
    retryAfterSeconds: retrySoonSeconds,
  },
  TunnelBroke: {
    status: 502,
    title: 'Tunnel interrupted',
    text: 'The tunnel broke while the request was on its way; the service may or may not have seen it.',
    hint: 'Try again; Sallyport reconnects by itself.',
  },
};

export function edgePage(reason: EdgeReason): Page {
  return edgePages[reason];
}

/** Value of the edge's own Proxy-Status field (RFC 9209). */
export function edgeProxyStatus(reason: EdgeReason): string {
  return `sallyport-edge; error=${proxyErrors[reason]}; details="${reason}"`;
}

type AgentWords = Omit<Page, 'status'>;

const agentPages: Readonly<Record<string, AgentWords>> = {
  SP_ORIGIN_REFUSED: {
    title: 'The service is not running',
    text: 'The tunnel works, but nothing listens where the service should be.',
    hint: 'Start the service; the tunnel picks it up by itself.',
  },
  SP_ORIGIN_TIMEOUT: {
    title: 'The service does not answer',
    text: 'The tunnel works, but the service did not accept the connection in time.',
    hint: 'Check that the service is not stuck.',
  },
  SP_ORIGIN_UNREACHABLE: {
    title: 'The service cannot be reached',
    text: 'The tunnel works, but the machine at its end does not reach the service.',
    hint: 'Check the address of the service and that the machine can reach it.',
  },
  SP_ORIGIN_NAME_UNKNOWN: {
    title: 'The name of the service does not resolve',
    text: 'The tunnel works, but the machine at its end finds no address for the name of the service.',
    hint: 'Check how the name is spelt, and the network of that machine.',
  },
  SP_TARGET_NOT_ALLOWED: {
    title: 'Not allowed',
    text: 'The machine at the end of the tunnel does not let this service through.',
    hint: 'Expose the service on that machine if it should be reachable.',
  },
};

const agentPageOtherwise: AgentWords = {
  title: 'The service did not answer properly',
  text: 'The tunnel works, but the connection between its end and the service failed.',
  hint: 'Look at the log of the service.',
};

/** The page for a failure that the agent reports with `status` and an error code of ours. */
export function agentPage(status: number, code: string | null): Page {
  const words = (code === null ? undefined : agentPages[code]) ?? agentPageOtherwise;
  return { ...words, status, ...(status === 503 ? { retryAfterSeconds: retrySoonSeconds } : {}) };
}
