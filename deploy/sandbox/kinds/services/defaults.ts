/**
 * What Kubernetes fills into a Service, and what a Service keeps of itself when an update leaves it out. Addresses are allotted
 * elsewhere (addresses.ts).
 */
import { hasClusterIp, hasNodePorts, type Service, type ServicePort, type ServiceSpec } from './service.ts';

/** Fills what is absent and depends on nothing but the service, in place. */
export function fillService(spec: ServiceSpec): void {
  spec.type ||= 'ClusterIP';
  spec.sessionAffinity ||= 'None';
  if (spec.sessionAffinity === 'ClientIP') spec.sessionAffinityConfig ??= { clientIP: { timeoutSeconds: 10_800 } };
  for (const port of spec.ports ?? []) fillPort(port);
  if (spec.type === 'ExternalName') return;
  spec.internalTrafficPolicy ??= 'Cluster';
  spec.ipFamilies ??= ['IPv4'];
  spec.ipFamilyPolicy ??= 'SingleStack';
  if (spec.type === 'NodePort' || spec.type === 'LoadBalancer') spec.externalTrafficPolicy ??= 'Cluster';
  if (spec.type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true;
  // One family, hence one address: the old field decides where they differ.
  if (spec.clusterIP) spec.clusterIPs = [spec.clusterIP];
  else if (spec.clusterIPs?.[0]) spec.clusterIP = spec.clusterIPs[0];
}

function fillPort(port: ServicePort): void {
  port.protocol ||= 'TCP';
  if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === '') port.targetPort = port.port;
}

/**
 * What was allotted stays, although a user's manifest does not say it; what belongs to the old type goes with it. In place.
 *
 * Kubernetes calls these patchAllocatedValues and dropTypeDependentFields.
 */
export function carryOver({ spec }: Service, { spec: old }: Service): void {
  if (hasClusterIp(spec) && hasClusterIp(old) && !spec.clusterIP && !spec.clusterIPs?.length) {
    if (old.clusterIP) spec.clusterIP = old.clusterIP;
    if (old.clusterIPs) spec.clusterIPs = old.clusterIPs;
  }
  if (hasNodePorts(spec) && hasNodePorts(old)) {
    const held = new Map((old.ports ?? []).map((port) => [portKey(port), port.nodePort]));
    for (const port of spec.ports ?? []) port.nodePort ||= held.get(portKey(port)) ?? 0;
  }
  if (!hasNodePorts(spec) && hasNodePorts(old)) {
    const held = new Set((old.ports ?? []).map(({ nodePort }) => nodePort));
    for (const port of spec.ports ?? []) if (held.has(port.nodePort)) delete port.nodePort;
    if (spec.type === 'ClusterIP') delete spec.externalTrafficPolicy;
  }
  if (spec.type === 'ExternalName' && old.type !== 'ExternalName' && spec.clusterIP === old.clusterIP) {
    delete spec.clusterIP;
    delete spec.clusterIPs;
  }
  for (const port of spec.ports ?? []) if (!port.nodePort) delete port.nodePort;
}

const portKey = ({ protocol = 'TCP', port }: ServicePort): string => `${protocol}/${port}`;
