/**
 * Services: filled, judged and given their addresses. Nothing listens there: the sandbox has no network.
 */
import type { Resource } from '../../../../apiserver/registry/resource.ts';
import { ageColumn, nameColumn } from '../../../../apiserver/registry/resource.ts';
import type { Strategy } from '../../../../apiserver/registry/strategy.ts';
import { copyOf } from '../../../../openapi/machinery/json.ts';
import { boolean, integer, listByKey, listOf, mapOf, object, string } from '../../../../openapi/schema/schema.ts';
import { column, labelsText, orNone } from '../cells.ts';
import { hostKind, statusOf } from '../host-kind.ts';
import type { Allotment, ServiceAddresses } from './addresses.ts';
import { carryOver, fillService } from './defaults.ts';
import type { Service, ServicePort } from './service.ts';
import { dns1035Faults, serviceChangeFaults, serviceFaults } from './validation.ts';

const keyOf = ({ metadata }: Service): string => `${metadata.namespace}/${metadata.name}`;

/** The service as it will be, but for what it has yet to be given. */
function settled(service: Service, old: Service | undefined): Service {
  service.spec ??= {};
  fillService(service.spec);
  if (old) carryOver(service, old);
  return service;
}

const strategyFor = (addresses: ServiceAddresses): Strategy<Service, Allotment | undefined> => ({
  async related(service, old, { dryRun, subresource }) {
    if (!service || subresource !== '') return undefined;
    const wished = settled(copyOf(service), old);
    // What will be refused anyway gets nothing.
    if ((old ? serviceChangeFaults(wished, old) : serviceFaults(wished)).length) return undefined;
    return addresses.allot(keyOf(service), wished.spec, !dryRun);
  },
  prepareForCreate: (service, allotment) => ({
    ...given(settled(service, undefined), allotment),
    status: { loadBalancer: {} },
  }),
  prepareForUpdate(service, old, allotment, { subresource }) {
    if (subresource !== '') return service;
    return given(settled(service, old), allotment);
  },
  validate: (service, allotment) => [...serviceFaults(service), ...(allotment?.faults ?? [])],
  validateUpdate: (service, old, allotment) => [...serviceChangeFaults(service, old), ...(allotment?.faults ?? [])],
});

function given(service: Service, allotment: Allotment | undefined): Service {
  if (!allotment) return service;
  const { spec } = service;
  if (allotment.clusterIP) {
    spec.clusterIP = allotment.clusterIP;
    spec.clusterIPs = [allotment.clusterIP];
  }
  const nodePorts = [...allotment.nodePorts];
  if (nodePorts.length) for (const port of spec.ports ?? []) port.nodePort ||= nodePorts.shift() ?? 0;
  return service;
}

function externalIpText({ spec, status }: Service): string {
  const ingress = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname).filter(Boolean);
  const addresses = [...(spec.type === 'LoadBalancer' ? ingress : []), ...(spec.externalIPs ?? [])].join(',');
  if (spec.type === 'LoadBalancer') return addresses || '<pending>';
  if (spec.type === 'ExternalName') return spec.externalName ?? '';
  return orNone(addresses);
}

const portText = ({ port, nodePort, protocol }: ServicePort): string =>
  nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`;

const port = object(
  'A port of the service.',
  {
    name: string('Name of the port.'),
    protocol: string('TCP, UDP or SCTP.', { default: 'TCP' }),
    port: integer('Where clients connect.'),
    targetPort: { 'x-kubernetes-int-or-string': true, description: 'Where pods listen.' },
    nodePort: integer('Where nodes listen.'),
    appProtocol: string('What is spoken there.'),
  },
  { required: ['port'] },
);

const loadBalancer = object('Where the service is reached from outside.', {
  ingress: listOf(
    object('An address.', { ip: string('Address.'), hostname: string('Name.') }, { preserveUnknown: true }),
    'The addresses.',
  ),
});

const spec = object(
  'Which pods are meant, and how they are reached.',
  {
    type: string('ClusterIP, NodePort, LoadBalancer or ExternalName.'),
    clusterIP: string('The address; None for a headless service.'),
    clusterIPs: listOf(string('Address.'), 'The address, again.'),
    ports: listByKey(['port', 'protocol'], port, 'The ports.'),
    selector: { ...mapOf(string('Value.'), 'Labels of the pods that are meant.'), 'x-kubernetes-map-type': 'atomic' },
    externalName: string('Another name that is meant, for type ExternalName.'),
    externalIPs: listOf(string('Address.'), 'Addresses that others route to the nodes.'),
    sessionAffinity: string('ClientIP or None.'),
    externalTrafficPolicy: string('Cluster or Local.'),
    allocateLoadBalancerNodePorts: boolean('Whether a load balancer needs node ports.'),
  },
  { preserveUnknown: true },
);

export const serviceResource = (addresses: ServiceAddresses): Resource<Service, Allotment | undefined> =>
  hostKind<Service, Allotment | undefined>({
    group: '',
    kind: 'Service',
    plural: 'services',
    description: 'A lasting name and address for pods.',
    definitions: 'io.k8s.api.core.v1',
    shortNames: ['svc'],
    categories: ['all'],
    nameRule: dns1035Faults,
    fields: { spec },
    status: statusOf({ loadBalancer }),
    strategy: strategyFor(addresses),
    columns: [
      nameColumn,
      column('Type', 'How the service is reached.', (service) => service.spec.type ?? ''),
      column('Cluster-IP', 'Address within the cluster.', (service) => orNone(service.spec.clusterIP)),
      column('External-IP', 'Address from outside.', externalIpText),
      column('Port(s)', 'Ports.', (service) => orNone((service.spec.ports ?? []).map(portText).join(','))),
      ageColumn,
      column('Selector', 'Labels of the pods that are meant.', (service) => labelsText(service.spec.selector), {
        wide: true,
      }),
    ],
    selectableFields: [
      { label: 'spec.clusterIP', value: (service) => service.spec.clusterIP ?? '' },
      { label: 'spec.type', value: (service) => service.spec.type ?? '' },
    ],
  });
