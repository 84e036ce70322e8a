/**
 * The types the control plane brings itself: Namespaces, Leases, and the definitions it was given. Written in the
 * same form as any other definition.
 */
import type { JsonObject } from '../json.ts';
import { resourceTypeOf, type ResourceType } from './resource-type.ts';

const age = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

function definition(spec: JsonObject, version: JsonObject): JsonObject {
  return { spec: { ...spec, versions: [{ served: true, storage: true, ...version }] } };
}

const schemaOf = (description: string, properties: JsonObject): JsonObject => ({
  openAPIV3Schema: {
    description,
    type: 'object',
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      ...properties,
    },
  },
});

export const namespaceType: ResourceType = resourceTypeOf(
  definition(
    {
      group: '',
      scope: 'Cluster',
      names: { plural: 'namespaces', singular: 'namespace', kind: 'Namespace', shortNames: ['ns'] },
    },
    {
      name: 'v1',
      subresources: { status: {} },
      additionalPrinterColumns: [{ name: 'Status', type: 'string', jsonPath: '.status.phase' }, age],
      schema: schemaOf('A scope for names.', {
        spec: {
          type: 'object',
          default: { finalizers: ['kubernetes'] },
          properties: { finalizers: { type: 'array', items: { type: 'string' } } },
        },
        status: {
          type: 'object',
          default: { phase: 'Active' },
          properties: { phase: { type: 'string', enum: ['Active', 'Terminating'] } },
        },
      }),
    },
  ),
  { custom: false },
);

const microTime = { type: 'string', format: 'date-time' };

export const leaseType: ResourceType = resourceTypeOf(
  definition(
    {
      group: 'coordination.k8s.io',
      scope: 'Namespaced',
      names: { plural: 'leases', singular: 'lease', kind: 'Lease' },
    },
    {
      name: 'v1',
      additionalPrinterColumns: [{ name: 'Holder', type: 'string', jsonPath: '.spec.holderIdentity' }, age],
      schema: schemaOf('A heartbeat: who holds something, and since when it was last renewed.', {
        spec: {
          type: 'object',
          properties: {
            holderIdentity: { type: 'string' },
            leaseDurationSeconds: { type: 'integer', format: 'int32', minimum: 1 },
            acquireTime: microTime,
            renewTime: microTime,
            leaseTransitions: { type: 'integer', format: 'int32', minimum: 0 },
            strategy: { type: 'string' },
            preferredHolder: { type: 'string' },
          },
        },
      }),
    },
  ),
  { custom: false },
);

export const definitionType: ResourceType = resourceTypeOf(
  definition(
    {
      group: 'apiextensions.k8s.io',
      scope: 'Cluster',
      names: {
        plural: 'customresourcedefinitions',
        singular: 'customresourcedefinition',
        kind: 'CustomResourceDefinition',
        shortNames: ['crd', 'crds'],
      },
    },
    {
      name: 'v1',
      subresources: { status: {} },
      additionalPrinterColumns: [{ ...age, name: 'Created At', type: 'string' }],
      schema: schemaOf('A resource type that this control plane serves. Read-only here.', {
        spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      }),
    },
  ),
  { custom: false, readOnly: true },
);
