/**
 * Turns services into choices for a person: in a sensible order, with a name to begin with.
 */
import type { DiscoveredService } from '#contract/discovery.ts';

import { isEverywhere, localhostAddresses, type Listening } from './merge-listeners.ts';
import { shownText, type Identity } from './probes/identity.ts';
import { projectOf } from './project-folder.ts';
import { isToolProgram } from './tool-programs.ts';

/** A service that the agent has, as far as it matters here. */
export type KnownService = { readonly name: string; readonly host: string; readonly port: number };

const localhost = 'localhost';

function groupOf({ kind }: Identity, { process }: Listening): DiscoveredService['group'] {
  if (isToolProgram(process) || kind === 'unknown' || kind === 'debugger') return 'background';
  return kind === 'http' ? 'web' : 'service';
}

const maxNameLength = 40;
/** Room for `-` and a number behind a name that is taken. */
const maxBaseLength = maxNameLength - 4;

/** `words` as a DNS label of at most `maxBaseLength`; empty if nothing is left of them. */
function labelOf(words: string): string {
  return words
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\u0300-\u036F]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, maxBaseLength)
    .replace(/-+$/, '');
}

function nameFor(project: string | null, { kind }: Identity, port: number): string {
  const label = project === null ? '' : labelOf(project);
  if (kind === 'http' || kind === 'unknown') return label === '' ? `app-${port}` : label;
  return `${kind}-${port}`;
}

function freeName(base: string, taken: ReadonlySet<string>): string {
  let name = base;
  for (let count = 2; taken.has(name); count += 1) name = `${base}-${count}`;
  return name;
}

function isSameHost(host: string, { reachedAt: address, aloneOnPort }: Listening): boolean {
  return (
    host === address ||
    (aloneOnPort && [localhost, ...localhostAddresses].includes(host) && localhostAddresses.includes(address))
  );
}

const groupOrder = ['web', 'service', 'background'] as const;

/** Smaller is the more likely choice. */
function unlikelihood(service: DiscoveredService): readonly number[] {
  const { group, title, certain, project, port } = service;
  return [groupOrder.indexOf(group), certain ? 0 : 1, title === null ? 1 : 0, project === null ? 1 : 0, port];
}

function byLikelihood(left: DiscoveredService, right: DiscoveredService): number {
  const theirs = unlikelihood(right);
  return (
    unlikelihood(left)
      .map((value, index) => value - (theirs[index] ?? 0))
      .find((difference) => difference !== 0) ?? 0
  );
}

export type Identified = { readonly listening: Listening; readonly identity: Identity };

/** The choices, likeliest first; `known` are the services the agent has. */
export function offersOf(
  found: readonly Identified[],
  known: readonly KnownService[],
  homeDirectory: string,
): readonly DiscoveredService[] {
  const offers = found.map(({ listening, identity }): DiscoveredService => {
    const { port, address, pid } = listening;
    const project = shownText(projectOf(listening.directory, homeDirectory) ?? '');
    const isPlain = listening.aloneOnPort && localhostAddresses.includes(listening.reachedAt);
    return {
      port,
      address,
      openToNetwork: isEverywhere(address),
      pid,
      process: shownText(listening.process ?? ''),
      project,
      ...identity,
      group: groupOf(identity, listening),
      suggestedTarget: { host: isPlain ? localhost : listening.reachedAt, port },
      suggestedName: nameFor(project, identity, port),
      exposedAs: known.find((service) => service.port === port && isSameHost(service.host, listening))?.name ?? null,
    };
  });
  const taken = new Set(known.map(({ name }) => name));
  return offers.toSorted(byLikelihood).map((offer) => {
    if (offer.exposedAs !== null) return { ...offer, suggestedName: offer.exposedAs };
    const suggestedName = freeName(offer.suggestedName, taken);
    taken.add(suggestedName);
    return { ...offer, suggestedName };
  });
}
