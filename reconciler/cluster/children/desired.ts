/**
 * The children that a cluster is to have: one headless Service, a StatefulSet per role, a Service per member that has ports.
 *
 * Pure: a blueprint in, objects out. What of them may still be changed once they exist is drift.ts' knowledge.
 */

import { labels } from '../../../openapi/labels.ts';
import { controllerReference, type ObjectMeta } from '../../../openapi/machinery/meta.ts';
import { labelValueFaults } from '../../../openapi/machinery/names.ts';
import type { Service, StatefulSet } from '../../host-types.ts';
import { lastNodeIDAnnotation, nodeIDsAnnotation, prettyNameAnnotation } from '../annotations.ts';
import { type Blueprint, namespaceOf, type RoleBlueprint } from '../blueprint.ts';
import { claimTemplatesFor } from './claims.ts';
import { podTemplateFor } from './pod-template.ts';

/** The port of the headless Service is never used; a Service without one is not accepted everywhere. */
const headlessPort = { name: 'port', port: 8888, protocol: 'TCP', targetPort: 8888 };

export function headlessServiceFor(blueprint: Blueprint, lastNodeID: number): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadataFor(blueprint, blueprint.clusterService, commonLabels(blueprint), {
      [lastNodeIDAnnotation]: String(lastNodeID),
    }),
    spec: {
      type: 'ClusterIP',
      clusterIP: 'None',
      selector: { [labels.headless]: blueprint.cluster.metadata.name },
      // Members find each other while they are being set up.
      publishNotReadyAddresses: true,
      ports: [headlessPort],
    },
  };
}

export function statefulSetFor(blueprint: RoleBlueprint): StatefulSet {
  const { cluster, role, statefulSet, replicas, nodeIDs, clusterService } = blueprint;
  const ofRole = roleLabels(blueprint);
  const claims = claimTemplatesFor(blueprint.role, blueprint.config);
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: metadataFor(blueprint, statefulSet, ofRole, { [nodeIDsAnnotation]: nodeIDs }),
    spec: {
      replicas,
      serviceName: clusterService,
      podManagementPolicy: 'Parallel',
      // Only what never changes: a selector cannot be edited. Claims get these labels too.
      selector: { matchLabels: { [labels.cluster]: cluster.metadata.name, [labels.role]: role.id } },
      template: podTemplateFor(blueprint, ofRole),
      ...(claims.length > 0 && { volumeClaimTemplates: claims }),
    },
  };
}

/** @returns undefined for a role without ports, whose members have no Service */
export function memberServiceFor(blueprint: RoleBlueprint, name: string, pod: string): Service | undefined {
  const { cluster, role, effective, config } = blueprint;
  if (effective.ports.length === 0) return undefined;
  const ofService = {
    ...role.serviceLabels,
    ...config.serviceLabels,
    ...commonLabels(blueprint),
    [labels.role]: role.id,
    'app.kubernetes.io/component': role.id,
  };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadataFor(blueprint, name, ofService, { ...role.serviceAnnotations, ...config.serviceAnnotations }),
    spec: {
      type: cluster.spec.serviceType ?? config.defaultServiceType ?? 'NodePort',
      selector: { 'statefulset.kubernetes.io/pod-name': pod },
      publishNotReadyAddresses: true,
      ports: effective.ports.map(({ port, servicePortName }) => ({
        name: servicePortName,
        port,
        protocol: 'TCP',
        targetPort: port,
      })),
    },
  };
}

/** Ours are written last: nobody can take a child away from its cluster by a label. */
function commonLabels({ cluster, found: { app, catalog } }: Blueprint): Record<string, string> {
  const { version } = app.spec;
  return {
    [labels.cluster]: cluster.metadata.name,
    [labels.app]: app.metadata.name,
    [labels.appCatalog]: catalog,
    'app.kubernetes.io/name': app.metadata.name,
    'app.kubernetes.io/instance': cluster.metadata.name,
    'app.kubernetes.io/managed-by': 'kubedirector',
    // The version of an app is free text.
    ...(labelValueFaults(version).length === 0 && { 'app.kubernetes.io/version': version }),
  };
}

const roleLabels = (blueprint: RoleBlueprint): Record<string, string> => ({
  ...commonLabels(blueprint),
  [labels.role]: blueprint.role.id,
  [labels.headless]: blueprint.cluster.metadata.name,
  'app.kubernetes.io/component': blueprint.role.id,
});

const metadataFor = (
  blueprint: Blueprint,
  name: string,
  labels: Record<string, string>,
  annotations: Record<string, string>,
): ObjectMeta => ({
  name,
  namespace: namespaceOf(blueprint),
  labels,
  annotations: { ...annotations, [prettyNameAnnotation]: blueprint.found.app.spec.label.name },
  ownerReferences: [controllerReference(blueprint.cluster)],
});
