/**
 * What operator and edge say to each other over the edge's public listener: header names, the paths that only operators
 * may ask for, and the reasons of the edge. Knows neither of the two processes.
 */
import { z } from 'zod';

/** Request header with the probe token. It ends at the edge, whoever sends it. */
export const probeHeader = 'sallyport-probe';

/** On answers to probes: who made the answer. */
export const answeredByHeader = 'sallyport-answered-by';

/** On answers to probes of a hostname: the proxy the edge took it for, as `routeTag` writes it. */
export const routeHeader = 'sallyport-route';

/** On the 204 for a connector: the public key that the agent who answered had proved, 64 hexadecimal digits. */
export const provenKeyHeader = 'sallyport-proven-key';

/** Why the edge itself answered; `details` of its Proxy-Status field (RFC 9209 §2.1.4). */
export type EdgeReason =
  | 'BadRequest'
  | 'VisitorLimit'
  | 'RoutesNotLoaded'
  | 'UnknownHost'
  | 'NoRule'
  | 'SwitchedOff'
  | 'TunnelNotOnline'
  | 'TunnelSilent'
  | 'TunnelBusy'
  | 'TunnelBroke';

/** Names a proxy in the state an edge has seen: the operator believes no answer for an older generation. */
export function routeTag(proxy: { readonly uid: string; readonly generation: number }): string {
  return `${proxy.uid}.${proxy.generation}`;
}

/** Answers 204 if an agent of this connector answered through its tunnel, 503 if it has none, 504 if it is silent. */
export function connectorHealthPath(connector: { readonly namespace: string; readonly name: string }): string {
  const { namespace, name } = connector;
  return `/.well-known/sallyport/connectors/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}/health`;
}

/** The connector that a path of `connectorHealthPath` names, or null. */
export function parseConnectorHealthPath(path: string): { readonly namespace: string; readonly name: string } | null {
  // Kubernetes names need no escape, so that a path with one names nothing.
  const match = /^\/\.well-known\/sallyport\/connectors\/([a-z0-9.-]+)\/([a-z0-9.-]+)\/health$/.exec(path);
  const [, namespace, name] = match ?? [];
  return namespace === undefined || name === undefined ? null : { namespace, name };
}

/**
 * Answered with a stream of observations, one JSON object a line, to the holder of the probe token. An empty line is a
 * sign of life.
 */
export const observationsPath = '/.well-known/sallyport/observations';

/** How often the edge gives a sign of life on that stream. */
export const pulseMs = 10_000;

/** Something that looks different to the edge than before. Says where to look, and not what is there. */
const observationSchema = z.object({
  kind: z.enum(['connector', 'proxy']),
  namespace: z.string().min(1).max(253),
  name: z.string().min(1).max(253),
});
export type Observation = Readonly<z.infer<typeof observationSchema>>;

export function observationLine(observation: Observation): string {
  return `${JSON.stringify(observation)}\n`;
}

/** The observation in a line of the stream; null for a sign of life and for what a newer edge may say. */
export function parseObservation(line: string): Observation | null {
  try {
    return observationSchema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}
