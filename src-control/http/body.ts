/**
 * Reads and decodes request bodies: JSON, YAML and a little Protobuf, bounded.
 */
import type { IncomingMessage } from 'node:http';
import { parseDocument } from 'yaml';

import type { JsonValue } from '../json.ts';
import { badRequest, tooLarge, unsupportedMediaType } from '../status-error.ts';
import { decodeProtobuf, protobufMediaType } from './protobuf.ts';

/** Deepest nesting that is taken: recursive readers must not run out of stack. */
const maxDepth = 200;

/** Media type of the request without parameters; empty where it names none. */
export function mediaTypeOf(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** The whole body. Throws 413 where it is longer than `maxBytes`. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    // SECURITY: bounds the memory that one request can take.
    if (size > maxBytes) throw tooLarge(`the request body is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Decodes `content`, which is of `mediaType`. Throws 400 and 415. */
export function decodeBody(content: Buffer, mediaType: string): JsonValue {
  if (mediaType === protobufMediaType) return decodeProtobuf(content);
  const text = content.toString('utf8');
  const value = isYaml(mediaType) ? decodeYaml(text) : decodeJson(text, mediaType);
  checkDepth(value, 0);
  return value;
}

function isYaml(mediaType: string): boolean {
  return mediaType === 'application/yaml' || mediaType === 'application/apply-patch+yaml';
}

function decodeJson(content: string, mediaType: string): JsonValue {
  if (mediaType !== '' && mediaType !== 'application/json' && !mediaType.endsWith('+json')) {
    throw unsupportedMediaType(`${mediaType} is not served; send application/json or application/yaml`);
  }
  try {
    return JSON.parse(content) as JsonValue;
  } catch (error) {
    throw badRequest(`the body is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function decodeYaml(content: string): JsonValue {
  const document = parseDocument(content, { version: '1.2', logLevel: 'error' });
  const [error] = document.errors;
  if (error !== undefined) throw badRequest(`the body is not YAML: ${error.message}`);
  try {
    // SECURITY: few aliases, so that a small document cannot grow without bound.
    return document.toJS({ maxAliasCount: 50 }) as JsonValue;
  } catch (error) {
    throw badRequest(`the body is not YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function checkDepth(value: JsonValue, depth: number): void {
  if (depth > maxDepth) throw badRequest(`the body is nested deeper than ${maxDepth}`);
  if (typeof value !== 'object' || value === null) return;
  for (const inner of Object.values(value)) checkDepth(inner, depth + 1);
}
