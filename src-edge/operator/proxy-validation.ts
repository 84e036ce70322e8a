/**
 * What an HTTPProxy must be for this platform to serve it. Pure.
 */
import type { HTTPProxy } from '#contract/resources/generated.ts';

import { parseEndpoint } from '../backend-endpoint.ts';

const dnsLabel = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const maxMatches = 128;

/** Why the proxy cannot be accepted: which field, what is wrong with it and what to do. null if it can. */
export function proxyProblem(proxy: HTTPProxy): string | null {
  const { name = '', namespace = '' } = proxy.metadata;
  if (!dnsLabel.test(name)) {
    return `metadata.name “${name}” becomes the first part of the hostname and must be 1 to 63 lower-case letters, digits and hyphens. Create the proxy again under such a name.`;
  }
  const [asked] = proxy.spec.hostnames ?? [];
  if (asked !== undefined) {
    const remove = `kubectl -n ${namespace} patch httpproxy ${name} --type=json -p '[{"op":"remove","path":"/spec/hostnames"}]'`;
    return `spec.hostnames asks for “${asked}”, and this platform gives out hostnames itself. Remove spec.hostnames, for example with: ${remove}`;
  }
  return rulesProblem(proxy.spec.rules);
}

type Rule = HTTPProxy['spec']['rules'][number];

function rulesProblem(rules: readonly Rule[]): string | null {
  if (rules.length === 0) return 'spec.rules is empty. Add a rule with a backend.';
  const twin = rules.findIndex(
    (rule, index) => rule.name !== undefined && rules.slice(0, index).some((other) => other.name === rule.name),
  );
  if (twin !== -1) {
    return `spec.rules[${twin}].name “${rules[twin]?.name ?? ''}” is the name of another rule as well. Give each rule a name of its own, or none.`;
  }
  const matchCount = rules.reduce((sum, { matches }) => sum + (matches?.length ?? 1), 0);
  if (matchCount > maxMatches) {
    return `spec.rules has ${matchCount} matches in all, and ${maxMatches} are possible. Remove some, or make a second proxy.`;
  }
  for (const [index, rule] of rules.entries()) {
    const problem = ruleProblem(rule, `spec.rules[${index}]`);
    if (problem !== null) return problem;
  }
  return null;
}

function ruleProblem(rule: Rule, where: string): string | null {
  for (const [index, { path }] of (rule.matches ?? []).entries()) {
    const value = path?.value ?? '/';
    if (!value.startsWith('/')) {
      return `${where}.matches[${index}].path.value is “${value}” and must begin with “/”. Write “/${value}”.`;
    }
  }
  const backend = rule.backends?.[0];
  if (backend === undefined) return `${where}.backends is empty. Add the backend that answers for this rule.`;
  const result = parseEndpoint(backend.endpoint);
  if (!result.ok) return `${where}.backends[0].endpoint ${result.problem}.`;
  if (backend.connector === undefined) {
    return `${where}.backends[0].connector is missing, and this platform reaches backends through connectors only. Add it with the name of the connector on the service's machine.`;
  }
  if (!dnsLabel.test(backend.connector.name)) {
    return `${where}.backends[0].connector.name is “${backend.connector.name}”, which no connector can be called. Write a name that “kubectl get connectors” shows.`;
  }
  return null;
}
