import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { serviceName } from '#contract/ipc/contract.ts';

import { nameProblem, proposeName } from './service-name.ts';

const none: ReadonlySet<string> = new Set();

describe('nameProblem', () => {
  it('agrees with the contract on every name', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[a-zA-Z0-9_-]{0,42}$/));
    fc.assert(
      fc.property(text, (name) => {
        expect(nameProblem(name, none) === null).toBe(serviceName.safeParse(name).success);
      }),
      { numRuns: 500 },
    );
  });

  it('says that a name is in use', () => {
    expect(nameProblem('docs', new Set(['docs']))).toContain('in use');
  });
});

describe('proposeName', () => {
  it.each([
    ['localhost', 3000, 'app-3000'],
    ['127.0.0.1', 80, 'app-80'],
    ['::1', 80, 'app-80'],
    ['10.0.0.7', 8080, 'host-8080'],
    ['fe80::1', 8080, 'host-8080'],
    ['db.corp.example', 5432, 'db'],
    ['_srv.example', 80, 'srv'],
    ['42.example', 80, 'app-80'],
  ])('proposes for %s:%i', (host, port, name) => {
    expect(proposeName({ host, port }, none)).toBe(name);
  });

  it('is always free and valid', () => {
    const labels = fc.stringMatching(/^[a-z0-9_][a-z0-9_-]{0,61}$/);
    fc.assert(
      fc.property(labels, fc.integer({ min: 1, max: 65_535 }), fc.integer({ min: 0, max: 12 }), (host, port, used) => {
        const taken = new Set<string>();
        for (let i = 0; i < used; i += 1) taken.add(proposeName({ host, port }, taken));
        expect(taken.size).toBe(used);
        expect(nameProblem(proposeName({ host, port }, taken), taken)).toBeNull();
      }),
    );
  });
});
