/**
 * The configuration file of the control plane's process.
 */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const configSchema = z.strictObject({
  /** Address to listen on. */
  host: z.string().min(1).default('127.0.0.1'),
  /** 0 takes any free port. */
  port: z.int().min(0).max(65_535),
  dataDir: z.string().min(1),
  /** PEM files. */
  certFile: z.string().min(1),
  keyFile: z.string().min(1),
  /** JSON list of {token, user, role}, mode 0600. */
  tokensFile: z.string().min(1),
  /** Folder of CustomResourceDefinitions. */
  crdsDir: z.string().min(1),
});

export type ControlConfig = z.infer<typeof configSchema>;

/** Reads YAML or JSON; relative paths are relative to the file. Throws an Error that says what is wrong. */
export async function readConfig(path: string): Promise<ControlConfig> {
  const checked = configSchema.safeParse(parse(await readFile(path, 'utf8')));
  if (!checked.success) throw new Error(`${path} is not valid:\n${z.prettifyError(checked.error)}`);
  const config = checked.data;
  const at = (file: string): string => resolve(dirname(path), file);
  return {
    ...config,
    dataDir: at(config.dataDir),
    certFile: at(config.certFile),
    keyFile: at(config.keyFile),
    tokensFile: at(config.tokensFile),
    crdsDir: at(config.crdsDir),
  };
}
