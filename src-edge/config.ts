/**
 * The configuration files of edge and operator: what may stand in them, and what is wrong with one.
 */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

import { parse } from 'yaml';
import { z } from 'zod';

export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  /** A sentence that names the file and the key. */
  | { readonly ok: false; readonly problem: string };

const host = z.string().min(1).max(253);
const port = z.int().min(0).max(65535);
const path = z.string().min(1);
const dnsName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, 'must be a DNS name in lower case');

const edgeSchema = z.strictObject({
  /** Name and namespace of the DRTPServer. */
  name: dnsName,
  namespace: dnsName.default('default'),
  kubeconfig: path,
  domain: dnsName,
  http: z.strictObject({
    host,
    port,
    /** More where many visitors come from one address, such as that of a load balancer. */
    requestsPerVisitor: z.int().min(1).max(1_000_000).default(1500),
  }),
  tunnel: z.strictObject({
    host,
    port,
    address: host,
    serverName: host,
    certFile: path,
    keyFile: path,
    caFile: path,
  }),
  probeTokenFile: path,
  /** What requests in flight get to finish; the playground kills what has not ended after 5 s. */
  drainSeconds: z.number().min(0).max(600).default(4),
});
export type EdgeConfig = z.infer<typeof edgeSchema>;

const operatorSchema = z.strictObject({
  kubeconfig: path,
  probeTokenFile: path,
  /** Several operators may run for one control plane; one of them works, the others take over when it falls silent. */
  leaderElection: z
    .strictObject({
      /** Where the Lease `sallyport-operator` is. */
      namespace: dnsName.default('default'),
      /**
       * Left out, each process has one of its own. A fixed one lets the next process of the same operator go on at once;
       * no two that run at a time may share it.
       */
      identity: z.string().min(1).max(128).optional(),
    })
    .prefault({}),
});
export type OperatorConfig = z.infer<typeof operatorSchema>;

/** Reads an edge's configuration; paths in it are relative to the file. */
export async function readEdgeConfig(file: string): Promise<Outcome<EdgeConfig>> {
  const read = await readConfig(file, edgeSchema);
  if (!read.ok) return read;
  const { value } = read;
  const at = (relative: string): string => resolve(dirname(file), relative);
  return {
    ok: true,
    value: {
      ...value,
      kubeconfig: at(value.kubeconfig),
      probeTokenFile: at(value.probeTokenFile),
      tunnel: {
        ...value.tunnel,
        certFile: at(value.tunnel.certFile),
        keyFile: at(value.tunnel.keyFile),
        caFile: at(value.tunnel.caFile),
      },
    },
  };
}

/** Reads an operator's configuration; paths in it are relative to the file. */
export async function readOperatorConfig(file: string): Promise<Outcome<OperatorConfig>> {
  const read = await readConfig(file, operatorSchema);
  if (!read.ok) return read;
  const at = (relative: string): string => resolve(dirname(file), relative);
  return {
    ok: true,
    value: {
      ...read.value,
      kubeconfig: at(read.value.kubeconfig),
      probeTokenFile: at(read.value.probeTokenFile),
    },
  };
}

/** The text of a file that `key` of the configuration names. */
export async function readNamedFile(key: string, file: string): Promise<Outcome<string>> {
  try {
    return { ok: true, value: await readFile(file, 'utf8') };
  } catch (error) {
    return { ok: false, problem: `${key}: ${file} cannot be read (${(error as { code?: string }).code ?? 'error'})` };
  }
}

/** At least 128 bits of base64, so that the token cannot be guessed over the network. */
const minTokenLength = 22;

export async function readProbeToken(file: string): Promise<Outcome<string>> {
  const read = await readNamedFile('probeTokenFile', file);
  if (!read.ok) return read;
  const token = read.value.trim();
  // SECURITY: the token must fit a header field and be long enough not to be guessed.
  return new RegExp(`^[\\x21-\\x7e]{${minTokenLength},256}$`).test(token)
    ? { ok: true, value: token }
    : { ok: false, problem: `probeTokenFile: ${file} must hold ${minTokenLength} to 256 printable characters` };
}

async function readConfig<T>(file: string, schema: z.ZodType<T>): Promise<Outcome<T>> {
  const read = await readNamedFile('--config', file);
  if (!read.ok) return read;
  let document: unknown;
  try {
    document = parse(read.value);
  } catch (error) {
    return { ok: false, problem: `${file}: not YAML: ${(error as Error).message.split('\n', 1)[0] ?? ''}` };
  }
  const result = schema.safeParse(document);
  if (result.success) return { ok: true, value: result.data };
  const issues = result.error.issues.map((issue) => {
    const key = [...issue.path, ...(issue.code === 'unrecognized_keys' ? issue.keys : [])].join('.');
    return `${key === '' ? 'the document' : key}: ${issue.message}`;
  });
  return { ok: false, problem: `${file}: ${issues.join('; ')}` };
}
