/**
 * RBAC's objects and questions, in `rbac.authorization.k8s.io`'s own words.
 */
import type { UserInfo } from '../../../apiserver/auth/user.ts';
import type { StructuredSelector } from '../../../openapi/machinery/label-selector.ts';
import type { KubeObject } from '../../../openapi/machinery/meta.ts';

export const rbacGroup = 'rbac.authorization.k8s.io';

export interface PolicyRule {
  verbs: string[];
  apiGroups?: string[];
  resources?: string[];
  /** Absent: all. */
  resourceNames?: string[];
  nonResourceURLs?: string[];
}

export interface Role extends KubeObject {
  rules?: PolicyRule[];
}

export interface ClusterRole extends Role {
  aggregationRule?: { clusterRoleSelectors?: StructuredSelector[] };
}

export interface Subject {
  kind: string;
  name: string;
  apiGroup?: string;
  /** Of a service account. */
  namespace?: string;
}

/** A RoleBinding or a ClusterRoleBinding. */
export interface Binding extends KubeObject {
  roleRef: { apiGroup: string; kind: string; name: string };
  subjects?: Subject[];
}

/** What somebody wants to do. Requests for paths that are no resources have a path and a verb only. */
export interface RbacAttributes {
  readonly user: UserInfo;
  /** `get`, `list`, …; for other paths the lower-case HTTP method. */
  readonly verb: string;
  readonly isResource: boolean;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  /** Empty at cluster scope. */
  readonly namespace: string;
  readonly name: string;
  readonly path: string;
}

/** RBAC only ever allows; where no rule does, others may be asked. */
export interface RbacDecision {
  readonly verdict: 'allow' | 'none';
  /** `RBAC: allowed by ClusterRoleBinding "x" of ClusterRole "y" to User "z"`. */
  readonly reason?: string;
}
