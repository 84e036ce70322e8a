/**
 * Bodies that are not what they claim to be: refused with a Status, never with a crash.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { StatusError } from '../status-error.ts';
import { decodeBody } from './body.ts';

function refusal(body: Buffer, type: string): number | 'taken' {
  try {
    decodeBody(body, type);
    return 'taken';
  } catch (error) {
    if (error instanceof StatusError) return error.code;
    throw error;
  }
}

describe('bodies', () => {
  test('YAML that grows by aliases is refused', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let level = 1; level < 9; level += 1) {
      lines.push(`a${level}: &a${level} [${Array.from({ length: 10 }, () => `*a${level - 1}`).join(', ')}]`);
    }
    expect(refusal(Buffer.from(lines.join('\n')), 'application/yaml')).toBe(400);
  });

  test.each([
    ['text/xml', 415],
    ['application/json', 400],
    ['application/yaml', 400],
    ['application/vnd.kubernetes.protobuf', 400],
  ])('%s that is none is answered with %i', (type, code) => {
    expect(refusal(Buffer.from('{ a: [}'), type)).toBe(code);
  });

  test('any bytes as Protobuf are decoded or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const body = Buffer.concat([Buffer.from('k8s\0'), bytes]);
        expect([400, 415, 'taken']).toContain(refusal(body, 'application/vnd.kubernetes.protobuf'));
      }),
    );
  });

  test('any text as YAML or JSON is decoded or refused', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom('application/yaml', 'application/json'), (text, type) => {
        expect([400, 'taken']).toContain(refusal(Buffer.from(text), type));
      }),
    );
  });
});
