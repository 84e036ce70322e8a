/**
 * Probes that may outlast a pass: a service that takes long to answer must not keep the operator from seeing what else
 * has changed about it, and must not be asked again and again meanwhile.
 */
import { sleep, type Clock } from '#base/clock.ts';

import type { ProbeAnswer } from './prober.ts';

export type PatientProbes = {
  /**
   * Begins a probe for `key`, or goes on waiting for the one under way if it is about the same `subject`. Resolves to null
   * when there is no answer after two seconds; it is kept for the next call.
   */
  look(key: string, subject: string, probe: (signal: AbortSignal) => Promise<ProbeAnswer>): Promise<ProbeAnswer | null>;
  /** Ends the probe for `key`. */
  forget(key: string): void;
  /** Ends all probes. */
  close(): void;
};

/** What a change of the proxy may have to wait. */
const passMs = 2000;

type Probe = {
  readonly subject: string;
  readonly answer: Promise<ProbeAnswer>;
  readonly abort: () => void;
};

export function createPatientProbes(clock: Clock): PatientProbes {
  const underWay = new Map<string, Probe>();

  const forget = (key: string): void => {
    underWay.get(key)?.abort();
    underWay.delete(key);
  };

  const begin = (subject: string, probe: (signal: AbortSignal) => Promise<ProbeAnswer>): Probe => {
    const controller = new AbortController();
    return { subject, answer: probe(controller.signal), abort: () => controller.abort() };
  };

  return {
    look: async (key, subject, probe) => {
      let current = underWay.get(key);
      if (current?.subject !== subject) {
        current?.abort();
        current = begin(subject, probe);
        underWay.set(key, current);
      }
      const waited = new AbortController();
      const answer = await Promise.race([current.answer, sleep(clock, passMs, waited.signal).then(() => null)]);
      waited.abort();
      // Called off meanwhile: what it said then was said by nobody.
      if (underWay.get(key) !== current) return null;
      if (answer !== null) underWay.delete(key);
      return answer;
    },
    forget,
    close: () => {
      for (const key of underWay.keys()) forget(key);
    },
  };
}
