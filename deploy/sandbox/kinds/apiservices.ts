/**
 * APIServices: which group and version is served by whom. In the sandbox one process serves them all, so others are never called.
 */

import { ageColumn, nameColumn } from '../../../apiserver/registry/resource.ts';
import type { Strategy } from '../../../apiserver/registry/strategy.ts';
import { type FieldError, invalid, metadata as metadataPath } from '../../../openapi/machinery/field.ts';
import type { Condition, KubeObject } from '../../../openapi/machinery/meta.ts';
import { pathSegmentFaults } from '../../../openapi/machinery/names.ts';
import { integer, object, string } from '../../../openapi/schema/schema.ts';
import { column } from './cells.ts';
import { hostKind, statusOf } from './host-kind.ts';

export interface APIService extends KubeObject {
  spec?: {
    group?: string;
    version?: string;
    groupPriorityMinimum?: number;
    versionPriority?: number;
    service?: { namespace?: string; name?: string; port?: number };
    insecureSkipTLSVerify?: boolean;
    caBundle?: string;
  };
  status?: { conditions?: Omit<Condition, 'observedGeneration'>[] };
}

function nameFaults({ metadata: { name }, spec = {} }: APIService): FieldError[] {
  const expected = `${spec.version ?? ''}.${spec.group ?? ''}`;
  if (name === expected) return [];
  const text = `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(expected)}`;
  return [invalid(metadataPath.child('name'), name, text)];
}

const strategy: Strategy<APIService> = {
  prepareForCreate: (service) => ({ ...service, status: { conditions: [availability(service)] } }),
  validate: nameFaults,
};

function availability({ spec, metadata: { creationTimestamp = '' } }: APIService) {
  const base = { type: 'Available', lastTransitionTime: creationTimestamp };
  if (!spec?.service)
    return { ...base, status: 'True' as const, reason: 'Local', message: 'Local APIServices are always available' };
  const message = 'the sandbox calls no other API servers';
  return { ...base, status: 'False' as const, reason: 'ServiceNotFound', message };
}

function availableText({ status }: APIService): string {
  const condition = status?.conditions?.find(({ type }) => type === 'Available');
  if (!condition) return 'Unknown';
  return condition.status === 'True' ? 'True' : `${condition.status} (${condition.reason})`;
}

export const apiServices = hostKind<APIService>({
  group: 'apiregistration.k8s.io',
  kind: 'APIService',
  plural: 'apiservices',
  description: 'A group and version of the API, and who serves it.',
  definitions: 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1',
  categories: ['api-extensions'],
  namespaced: false,
  // The core group has no name, so the name of its version ends in a dot.
  nameRule: pathSegmentFaults,
  fields: {
    spec: object(
      'The group and version, and who serves it.',
      {
        group: string('The group.'),
        version: string('The version.'),
        service: object('Who serves it.', {
          namespace: string('Namespace.'),
          name: string('Name.'),
          port: integer('Port.'),
        }),
      },
      { preserveUnknown: true },
    ),
  },
  status: statusOf(),
  strategy,
  columns: [
    nameColumn,
    column('Service', 'Who serves it.', ({ spec }) =>
      spec?.service ? `${spec.service.namespace}/${spec.service.name}` : 'Local',
    ),
    column('Available', 'Whether it can be used.', availableText),
    ageColumn,
  ],
});
