/**
 * Namespaces: kept by `spec.finalizers` until the namespace controller has taken everything out of them.
 */

import { ageColumn, allVerbs, nameColumn } from '../../../apiserver/registry/resource.ts';
import type { Strategy } from '../../../apiserver/registry/strategy.ts';
import type { KubeObject } from '../../../openapi/machinery/meta.ts';
import { labelFaults } from '../../../openapi/machinery/names.ts';
import { StatusError } from '../../../openapi/machinery/status.ts';
import { listOf, object, string } from '../../../openapi/schema/schema.ts';
import { column } from './cells.ts';
import { hostKind, statusOf } from './host-kind.ts';

export interface Namespace extends KubeObject {
  spec?: { finalizers?: string[] };
  status?: { phase?: 'Active' | 'Terminating'; conditions?: object[] };
}

/** The finalizer that stands for the content of a namespace. */
export const contentFinalizer = 'kubernetes';

/** Namespaces without which nothing works. */
const immortal = new Set(['default', 'kube-system', 'kube-public']);

const nameLabel = 'kubernetes.io/metadata.name';

const named = (namespace: Namespace): Namespace => {
  const { metadata } = namespace;
  return { ...namespace, metadata: { ...metadata, labels: { ...metadata.labels, [nameLabel]: metadata.name } } };
};

const strategy: Strategy<Namespace> = {
  prepareForCreate(namespace) {
    const finalizers = namespace.spec?.finalizers ?? [];
    return named({
      ...namespace,
      spec: { finalizers: finalizers.includes(contentFinalizer) ? finalizers : [...finalizers, contentFinalizer] },
      status: { phase: 'Active' },
    });
  },
  prepareForUpdate(namespace, old, _, { subresource }) {
    if (subresource === 'finalize') return namespace;
    return named({ ...namespace, ...(old.spec && { spec: old.spec }) });
  },
  checkDelete({ metadata: { name } }) {
    if (immortal.has(name))
      throw StatusError.forbidden({ group: '', resource: 'namespaces' }, name, 'this namespace may not be deleted');
  },
  prepareForDelete: (namespace) => ({ ...namespace, status: { ...namespace.status, phase: 'Terminating' } }),
  holds: (namespace) => Boolean(namespace.spec?.finalizers?.length),
};

export const namespaces = hostKind<Namespace>({
  group: '',
  kind: 'Namespace',
  plural: 'namespaces',
  description: 'A scope for names.',
  definitions: 'io.k8s.api.core.v1',
  shortNames: ['ns'],
  namespaced: false,
  nameRule: labelFaults,
  fields: {
    spec: object('What keeps the namespace.', { finalizers: listOf(string('Name.'), 'Who has to let go of it.') }),
  },
  status: statusOf({ phase: string('Active or Terminating.') }),
  strategy,
  verbs: allVerbs.filter((verb) => verb !== 'deletecollection'),
  subresources: [
    {
      name: 'finalize',
      group: '',
      version: 'v1',
      kind: 'Namespace',
      schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      columns: [nameColumn, ageColumn],
      read: (namespace) => namespace,
      write: (namespace, document) => {
        const { finalizers } = (document as Namespace).spec ?? {};
        return { ...namespace, spec: { ...(finalizers?.length && { finalizers }) } };
      },
    },
  ],
  columns: [
    nameColumn,
    column('Status', 'Whether the namespace is in use or on its way out.', ({ status }) => status?.phase ?? ''),
    ageColumn,
  ],
  selectableFields: [{ label: 'status.phase', value: ({ status }) => status?.phase ?? '' }],
});
