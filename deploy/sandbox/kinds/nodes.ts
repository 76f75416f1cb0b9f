/**
 * Nodes: the sandbox has one, and it is simulated.
 */

import { ageColumn, nameColumn } from '../../../apiserver/registry/resource.ts';
import { type KubeObject, recordsIn } from '../../../openapi/machinery/meta.ts';
import { boolean, listByKey, mapOf, object, string } from '../../../openapi/schema/schema.ts';
import { column, none, orNone } from './cells.ts';
import { hostKind, statusOf } from './host-kind.ts';

export interface NodeCondition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastHeartbeatTime?: string;
  lastTransitionTime?: string;
}

export interface Node extends KubeObject {
  spec?: { unschedulable?: boolean; podCIDR?: string; podCIDRs?: string[] };
  status?: {
    conditions?: NodeCondition[];
    addresses?: { type: string; address: string }[];
    nodeInfo?: Record<string, string>;
    capacity?: Record<string, string>;
    allocatable?: Record<string, string>;
  };
}

/** As kubectl prints it: the Ready condition, and whether new pods are kept away. */
function statusText({ spec, status }: Node): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  const words = [ready ? (ready.status === 'True' ? 'Ready' : 'NotReady') : 'Unknown'];
  if (spec?.unschedulable) words.push('SchedulingDisabled');
  return words.join(',');
}

const rolePrefix = 'node-role.kubernetes.io/';

const rolesText = ({ metadata: { labels = {} } }: Node): string =>
  orNone(
    Object.keys(labels)
      .filter((label) => label.startsWith(rolePrefix) && label.length > rolePrefix.length)
      .map((label) => label.slice(rolePrefix.length))
      .sort()
      .join(','),
  );

const addressOf = ({ status }: Node, wanted: string): string =>
  String(recordsIn(status?.addresses).find(({ type }) => type === wanted)?.address ?? none);

const info = ({ status }: Node, field: string): string => status?.nodeInfo?.[field] || '<unknown>';

export const nodes = hostKind<Node>({
  group: '',
  kind: 'Node',
  plural: 'nodes',
  description: 'A machine that runs pods. That of the sandbox only pretends to.',
  definitions: 'io.k8s.api.core.v1',
  shortNames: ['no'],
  namespaced: false,
  fields: {
    spec: object(
      'What is wanted of the node.',
      { unschedulable: boolean('Whether new pods are kept away.') },
      { preserveUnknown: true },
    ),
  },
  status: statusOf({
    addresses: listByKey(
      ['type', 'address'],
      object('An address.', { type: string('Kind of address.'), address: string('The address.') }),
      'Where the node is reached.',
    ),
    nodeInfo: mapOf(string('Value.'), 'What the node consists of.'),
  }),
  columns: [
    nameColumn,
    column('Status', 'Whether the node works.', statusText),
    column('Roles', 'What the node is used for.', rolesText),
    ageColumn,
    column('Version', 'Version of the kubelet.', ({ status }) => status?.nodeInfo?.kubeletVersion ?? ''),
    column('Internal-IP', 'Address within the cluster.', (node) => addressOf(node, 'InternalIP'), { wide: true }),
    column('External-IP', 'Address from outside.', (node) => addressOf(node, 'ExternalIP'), { wide: true }),
    column('OS-Image', 'Operating system.', (node) => info(node, 'osImage'), { wide: true }),
    column('Kernel-Version', 'Kernel.', (node) => info(node, 'kernelVersion'), { wide: true }),
    column('Container-Runtime', 'What runs the containers.', (node) => info(node, 'containerRuntimeVersion'), {
      wide: true,
    }),
  ],
  selectableFields: [{ label: 'spec.unschedulable', value: ({ spec }) => String(spec?.unschedulable ?? false) }],
});
