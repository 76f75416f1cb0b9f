/**
 * The configmeta document of a member: everything that the scripts of its app may want to know of the cluster, of itself, and of what
 * the cluster is connected to. One JSON object (spec: configmeta document).
 *
 * Members differ in one key. What they share is serialised once, so that a thousand members cost a thousand small pieces.
 */
import { type ConfigmetaCluster, clusterDocument, hostName } from './cluster.ts';
import { type Connections, connectionsDocument } from './connections.ts';
import { nodeGroup } from './reference.ts';

/** The member that a document is for. */
export interface ConfigmetaNode {
  readonly role: string;
  readonly pod: string;
  readonly nodeID: number;
  readonly blockDevicePaths: readonly string[];
}

/** @returns what makes the text of a member's document */
export function configmeta(about: ConfigmetaCluster, connections: Connections): (node: ConfigmetaNode) => string {
  const shared = JSON.stringify({ ...clusterDocument(about), connections: connectionsDocument(connections) });
  const open = shared.slice(0, -1);
  return (node) => `${open},"node":${JSON.stringify(nodeDocument(node, about))}}`;
}

function nodeDocument({ role, pod, nodeID, blockDevicePaths }: ConfigmetaNode, about: ConfigmetaCluster): object {
  const name = hostName(pod, about);
  return {
    role_id: role,
    nodegroup_id: nodeGroup,
    id: String(nodeID),
    hostname: name,
    fqdn: name,
    domain: about.domain,
    distro_id: about.app.spec.distroID,
    depends_on: {},
    ...(blockDevicePaths.length > 0 && { block_device_paths: blockDevicePaths }),
  };
}
