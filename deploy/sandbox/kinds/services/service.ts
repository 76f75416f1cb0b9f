/**
 * What the sandbox reads and writes of a Service.
 */
import type { KubeObject } from '../../../../openapi/machinery/meta.ts';

export interface ServicePort {
  name?: string;
  protocol?: string;
  port: number;
  targetPort?: number | string;
  nodePort?: number;
  appProtocol?: string;
}

export interface ServiceSpec {
  type?: string;
  /** `None` for a headless service; empty or absent until one is allotted. */
  clusterIP?: string;
  clusterIPs?: string[];
  ports?: ServicePort[];
  selector?: Record<string, string>;
  externalName?: string;
  externalIPs?: string[];
  sessionAffinity?: string;
  sessionAffinityConfig?: Record<string, unknown>;
  ipFamilies?: string[];
  ipFamilyPolicy?: string;
  internalTrafficPolicy?: string;
  externalTrafficPolicy?: string;
  allocateLoadBalancerNodePorts?: boolean;
  publishNotReadyAddresses?: boolean;
  loadBalancerIP?: string;
  [field: string]: unknown;
}

export interface Service extends KubeObject {
  spec: ServiceSpec;
  status?: { loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] }; conditions?: object[] };
}

export const headless = 'None';

/** Do clients reach a service of this type at an address of its own? */
export const hasClusterIp = ({ type, clusterIP }: ServiceSpec): boolean =>
  type !== 'ExternalName' && clusterIP !== headless;

export const hasNodePorts = ({ type, allocateLoadBalancerNodePorts = true }: ServiceSpec): boolean =>
  type === 'NodePort' || (type === 'LoadBalancer' && allocateLoadBalancerNodePorts);

/** Every port on the nodes that a service holds. */
export const nodePortsOf = ({ ports = [] }: ServiceSpec): number[] =>
  ports.map(({ nodePort }) => nodePort ?? 0).filter((port) => port > 0);
