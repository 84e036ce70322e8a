/**
 * Reads the address of a service from the command line, and proposes a name for it.
 */
import { isIP } from 'node:net';

import { AgentError } from '#contract/errors/agent-error.ts';
import { serviceName } from '#contract/ipc/contract.ts';

export type Target = { readonly host: string; readonly port: number };

const defaultHost = 'localhost';
const maxPort = 65_535;

/** A port in digits. Throws SP_INPUT_PORT. */
export function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > maxPort) throw new AgentError('SP_INPUT_PORT', { value: text });
  return port;
}

/** Without the scheme of a URL that was copied from a browser. */
function withoutScheme(text: string): string {
  const [, scheme, rest = text] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(text) ?? [];
  if (scheme !== undefined && scheme.toLowerCase() !== 'http') {
    throw new AgentError('SP_INPUT_SCHEME', { value: text });
  }
  return rest;
}

/**
 * `3000`, `:3000`, `host:3000`, `[::1]:3000`, or any of them behind `http://`. Throws SP_INPUT_PORT, SP_INPUT_PATH,
 * SP_INPUT_HOST, SP_INPUT_SCHEME.
 */
export function readTarget(input: string): Target {
  const [, text = '', path = ''] = /^([^/?#]*)(.*)$/.exec(withoutScheme(input)) ?? [];
  if (path !== '' && path !== '/') throw new AgentError('SP_INPUT_PATH', { path, target: text });
  const [, bracketed, plain, portText = text] = /^(?:\[(.*)\]|([^:]*)):(.*)$/.exec(text) ?? [];
  const port = readPort(portText);
  if (bracketed !== undefined && isIP(bracketed) !== 6) {
    throw new AgentError('SP_INPUT_HOST', { value: bracketed, reason: 'In brackets stands an IPv6 address.' });
  }
  const host = bracketed ?? plain ?? '';
  return { host: host === '' ? defaultHost : host, port };
}

/** Throws SP_SERVICE_NAME_INVALID. */
export function checkName(name: string): string {
  if (!serviceName.safeParse(name).success) throw new AgentError('SP_SERVICE_NAME_INVALID', { name });
  return name;
}

/** `app-3000`, or with a number behind it if that name stands for another target. */
export function proposeName(target: Target, known: readonly (Target & { readonly name: string })[]): string {
  const same = known.find(({ host, port }) => host === target.host && port === target.port);
  if (same !== undefined) return same.name;
  const base = `app-${target.port}`;
  const isTaken = (name: string): boolean => known.some((service) => service.name === name);
  let name = base;
  for (let count = 2; isTaken(name); count += 1) name = `${base}-${count}`;
  return name;
}

const suffixAlphabet = 'bcdfghjkmnpqrstvwxz23456789';
const suffixLength = 4;

/** The name for `target` when others in the control plane have taken the plain one. */
export function proposeOtherName(target: Target, random: () => number): string {
  const pick = (): string => suffixAlphabet[Math.floor(random() * suffixAlphabet.length)] ?? 'x';
  return `app-${target.port}-${Array.from({ length: suffixLength }, pick).join('')}`;
}
