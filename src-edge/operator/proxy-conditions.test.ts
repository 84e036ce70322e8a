import { expect, test } from 'vitest';

import type { Connector, DRTPServer, HTTPProxy } from '#contract/resources/generated.ts';

import { proxyOf } from '../test-resources.ts';
import type { ProbeAnswer } from './prober.ts';
import { findingsOf, type ProxyFacts } from './proxy-conditions.ts';

const base = proxyOf('shop', 'laptop', 'http://127.0.0.1:3000');
const proxy = { ...base, metadata: { ...base.metadata, uid: 'u', generation: 2 } };

function connector(ready: 'True' | 'False'): Connector {
  return {
    apiVersion: 'networking.datumapis.com/v1alpha1',
    kind: 'Connector',
    metadata: { name: 'laptop', namespace: 'default' },
    spec: { connectorClassName: 'sallyport' },
    status: {
      conditions: [
        { type: 'Ready', status: ready, reason: 'R', message: 'Lease has expired.', lastTransitionTime: '' },
      ],
    },
  };
}

const edge: DRTPServer = {
  apiVersion: 'datumapis.com/v1alpha',
  kind: 'DRTPServer',
  metadata: { name: 'edge-1' },
  spec: { address: '127.0.0.1', ports: [], protocols: [], caBundle: '' },
};

function answer(
  by: 'origin' | 'agent' | 'edge',
  details: string | null = null,
  route: string | null = 'u.2',
): ProbeAnswer {
  return { kind: 'answer', status: 502, by, details, route, provenKey: null, slow: false };
}

function findings(given: ProbeAnswer | null, facts: Partial<ProxyFacts> = {}) {
  const { programmed, ready, settled } = findingsOf({
    proxy,
    target: '127.0.0.1:3000',
    connectorName: 'laptop',
    connector: connector('True'),
    advertised: true,
    edge,
    answer: given,
    exhausted: false,
    ...facts,
  });
  return [programmed?.status ?? null, ready.status, ready.reason, settled];
}

const answered = (reason: string): HTTPProxy => ({
  ...proxy,
  status: {
    conditions: [
      { type: 'Ready', status: 'True', reason, message: 'm', lastTransitionTime: '', observedGeneration: 2 },
    ],
  },
});

test.each<[string, ProbeAnswer | null, Partial<ProxyFacts>, readonly unknown[]]>([
  ['the service answered', answer('origin'), {}, ['True', 'True', 'Ready', true]],
  ['the edge knows an older generation', answer('origin', null, 'u.1'), {}, ['False', 'False', 'AwaitingRoute', false]],
  ['the edge knows another proxy', answer('origin', null, 'v.2'), {}, ['False', 'False', 'AwaitingRoute', false]],
  [
    'the edge does not know the host',
    answer('edge', 'UnknownHost', null),
    {},
    ['False', 'False', 'AwaitingRoute', false],
  ],
  [
    'the edge is not reached',
    { kind: 'unreachable', code: 'ECONNREFUSED' },
    {},
    ['False', 'False', 'AwaitingRoute', false],
  ],
  ['nobody answers', { kind: 'silence' }, {}, ['True', 'False', 'OriginTimeout', false]],
  [
    'nobody answers once, who has answered before',
    { kind: 'silence' },
    { proxy: answered('Ready') },
    ['True', 'True', 'Slow', false],
  ],
  [
    'nobody answers again and again',
    { kind: 'silence' },
    { proxy: answered('Slow'), exhausted: true },
    ['True', 'False', 'OriginTimeout', false],
  ],
  [
    'the answer took long',
    { kind: 'answer', status: 200, by: 'origin', details: null, route: 'u.2', provenKey: null, slow: true },
    {},
    ['True', 'True', 'Slow', true],
  ],
  ['no answer yet', null, {}, [null, 'False', 'AwaitingAnswer', false]],
  ['no answer yet, as before', null, { proxy: answered('Slow') }, [null, 'True', 'Slow', false]],
  ['no answer yet, switched off', null, { advertised: false }, [null, 'False', 'SwitchedOff', true]],
  ['the tunnel is full', answer('edge', 'TunnelBusy'), { proxy: answered('Ready') }, ['True', 'True', 'Slow', false]],
  ['the tunnel was always full', answer('edge', 'TunnelBusy'), {}, ['True', 'False', 'TunnelBusy', false]],
  ['nothing listens', answer('agent', 'SP_ORIGIN_REFUSED'), {}, ['True', 'False', 'OriginRefused', false]],
  ['the service is stuck', answer('agent', 'SP_ORIGIN_TIMEOUT'), {}, ['True', 'False', 'OriginTimeout', false]],
  ['no way there', answer('agent', 'SP_ORIGIN_UNREACHABLE'), {}, ['True', 'False', 'OriginUnreachable', false]],
  ['its name is unknown', answer('agent', 'SP_ORIGIN_NAME_UNKNOWN'), {}, ['True', 'False', 'OriginNameUnknown', false]],
  ['the agent refuses', answer('agent', 'SP_TARGET_NOT_ALLOWED'), {}, ['True', 'False', 'TargetNotAllowed', false]],
  ['another failure', answer('agent', null), {}, ['True', 'False', 'OriginUnreachable', false]],
  ['switched off', answer('edge', 'SwitchedOff'), { advertised: false }, ['True', 'False', 'SwitchedOff', true]],
  ['switched off, the edge is behind', answer('origin'), { advertised: false }, ['True', 'False', 'SwitchedOff', true]],
  ['switched on, the edge is behind', answer('edge', 'SwitchedOff'), {}, ['True', 'False', 'AwaitingRoute', false]],
  ['the tunnel broke', answer('edge', 'TunnelBroke'), {}, ['True', 'False', 'TunnelNotOnline', false]],
  [
    'the connector is not ready',
    answer('edge', 'TunnelNotOnline'),
    { connector: connector('False') },
    ['True', 'False', 'TunnelNotOnline', true],
  ],
  [
    'there is no connector',
    answer('edge', 'TunnelNotOnline'),
    { connector: undefined },
    ['True', 'False', 'TunnelNotOnline', true],
  ],
])('%s', (_, given, facts, expected) => {
  expect(findings(given, facts)).toEqual(expected);
});
