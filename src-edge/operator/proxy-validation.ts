/**
 * What an HTTPProxy must be for this platform to serve it. Pure.
 */
import type { HTTPProxy } from '#contract/resources/generated.ts';

import { parseEndpoint } from '../backend-endpoint.ts';

const dnsLabel = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const maxMatches = 128;

/** Why the proxy cannot be accepted, as a sentence that says what to change; null if it can. */
export function proxyProblem(proxy: HTTPProxy): string | null {
  const { name = '' } = proxy.metadata;
  if (!dnsLabel.test(name)) {
    return 'metadata.name must be a DNS label, 1 to 63 lower-case letters, digits and hyphens: it becomes the hostname.';
  }
  if ((proxy.spec.hostnames ?? []).length > 0) {
    return 'spec.hostnames is not supported on this platform. Leave it out; a hostname is assigned.';
  }
  const { rules } = proxy.spec;
  if (rules.length === 0) return 'spec.rules must have at least one rule.';
  const names = rules.flatMap((rule) => (rule.name === undefined ? [] : [rule.name]));
  if (new Set(names).size !== names.length) return 'The names of the rules must differ from each other.';
  if (rules.reduce((sum, { matches }) => sum + (matches?.length ?? 1), 0) > maxMatches) {
    return `All rules together may have at most ${maxMatches} matches.`;
  }
  for (const [index, rule] of rules.entries()) {
    const problem = ruleProblem(rule, `spec.rules[${index}]`);
    if (problem !== null) return problem;
  }
  return null;
}

function ruleProblem(rule: HTTPProxy['spec']['rules'][number], where: string): string | null {
  for (const [index, { path }] of (rule.matches ?? []).entries()) {
    if (!(path?.value ?? '/').startsWith('/')) return `${where}.matches[${index}].path.value must begin with “/”.`;
  }
  const backend = rule.backends?.[0];
  if (backend === undefined) return `${where} needs a backend.`;
  const result = parseEndpoint(backend.endpoint);
  if (!result.ok) return `${where}.backends[0].endpoint ${result.problem}.`;
  if (backend.connector === undefined) {
    return `${where}.backends[0].connector is missing: this platform reaches backends through connectors only.`;
  }
  if (!dnsLabel.test(backend.connector.name)) return `${where}.backends[0].connector.name must be a DNS label.`;
  return null;
}
