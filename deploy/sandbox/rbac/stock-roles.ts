/**
 * The roles and bindings that every Kubernetes has from the start, as far as the sandbox serves what they speak of, and KubeDirector's own.
 */
import { allAuthenticated, allUnauthenticated, superusers } from '../../../apiserver/auth/user.ts';
import { type Binding, type ClusterRole, type PolicyRule, rbacGroup, type Subject } from './types.ts';

const apiVersion = `${rbacGroup}/v1`;
const bootstrapping = 'kubernetes.io/bootstrapping';
/** Set to "false" by somebody who does not want a stock role to be mended at every start. */
export const autoUpdate = 'rbac.authorization.kubernetes.io/autoupdate';
const aggregateTo = (role: string): string => `rbac.authorization.k8s.io/aggregate-to-${role}`;

const read = ['get', 'list', 'watch'];
const write = ['create', 'delete', 'deletecollection', 'patch', 'update'];

const rule = (apiGroups: string[], resources: string[], verbs: string[]): PolicyRule => ({
  verbs,
  apiGroups,
  resources,
});
const paths = (...nonResourceURLs: string[]): PolicyRule => ({ verbs: ['get'], nonResourceURLs });

const stockMetadata = (name: string, labels: Record<string, string> = {}) => ({
  name,
  labels: { [bootstrapping]: 'rbac-defaults', ...labels },
  annotations: { [autoUpdate]: 'true' },
});

const clusterRole = (name: string, rules: PolicyRule[], labels: Record<string, string> = {}): ClusterRole => ({
  apiVersion,
  kind: 'ClusterRole',
  metadata: stockMetadata(name, labels),
  rules,
});

/** A role that consists of others. */
const aggregate = (name: string, labels: Record<string, string> = {}): ClusterRole => ({
  ...clusterRole(name, [], labels),
  aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [aggregateTo(name)]: 'true' } }] },
});

const namespacedCore = ['configmaps', 'endpoints', 'persistentvolumeclaims', 'pods', 'serviceaccounts', 'services'];
const statuses = ['persistentvolumeclaims/status', 'pods/log', 'pods/status', 'services/status'];
const kubeDirectorGroup = 'kubedirector.bluedata.io';

/** What people may do with KubeDirector's kinds is part of view, edit and admin, as an installation has it (K-442). */
const kubeDirectorUsers: ClusterRole[] = [
  clusterRole('kubedirector-view', [rule([kubeDirectorGroup], ['*'], read)], {
    [aggregateTo('view')]: 'true',
    [aggregateTo('edit')]: 'true',
    [aggregateTo('admin')]: 'true',
  }),
  clusterRole('kubedirector-edit', [rule([kubeDirectorGroup], ['*'], write)], {
    [aggregateTo('edit')]: 'true',
    [aggregateTo('admin')]: 'true',
  }),
];

export const stockClusterRoles: readonly ClusterRole[] = [
  clusterRole('cluster-admin', [rule(['*'], ['*'], ['*']), { verbs: ['*'], nonResourceURLs: ['*'] }]),
  aggregate('admin'),
  aggregate('edit', { [aggregateTo('admin')]: 'true' }),
  aggregate('view', { [aggregateTo('edit')]: 'true' }),
  clusterRole(
    'system:aggregate-to-admin',
    [
      rule(['authorization.k8s.io'], ['localsubjectaccessreviews'], ['create']),
      rule([rbacGroup], ['rolebindings', 'roles'], [...write, ...read]),
    ],
    { [aggregateTo('admin')]: 'true' },
  ),
  clusterRole(
    'system:aggregate-to-edit',
    [
      rule([''], ['pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy', 'secrets', 'services/proxy'], read),
      rule([''], ['pods', 'pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy'], write),
      rule([''], ['configmaps', 'events', 'persistentvolumeclaims', 'secrets', 'serviceaccounts', 'services'], write),
      rule([''], ['serviceaccounts'], ['impersonate']),
      rule(['apps'], ['statefulsets', 'statefulsets/scale'], write),
      rule(['coordination.k8s.io'], ['leases'], [...write, ...read]),
    ],
    { [aggregateTo('edit')]: 'true' },
  ),
  clusterRole(
    'system:aggregate-to-view',
    [
      rule([''], [...namespacedCore, ...statuses, 'events', 'namespaces', 'namespaces/status'], read),
      rule(['apps'], ['statefulsets', 'statefulsets/scale', 'statefulsets/status'], read),
    ],
    { [aggregateTo('view')]: 'true' },
  ),
  clusterRole('system:discovery', [
    paths(
      '/api',
      '/api/*',
      '/apis',
      '/apis/*',
      '/healthz',
      '/livez',
      '/openapi',
      '/openapi/*',
      '/readyz',
      '/version',
      '/version/',
    ),
  ]),
  clusterRole('system:public-info-viewer', [paths('/healthz', '/livez', '/readyz', '/version', '/version/')]),
  clusterRole('system:basic-user', [
    rule(['authorization.k8s.io'], ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'], ['create']),
    rule(['authentication.k8s.io'], ['selfsubjectreviews'], ['create']),
  ]),
  ...kubeDirectorUsers,
];

export const kubeDirectorRole = 'kubedirector';

/** Exactly what the reconciler does to the host: its children, and what it has to look up. */
const reconcilerRole: ClusterRole = clusterRole(kubeDirectorRole, [
  rule(['apps'], ['statefulsets'], ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch']),
  rule([''], ['services'], ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch']),
  rule([''], ['pods'], ['delete', 'get', 'list', 'patch', 'watch']),
  rule([''], ['pods/exec'], ['create', 'get']),
  rule([''], ['persistentvolumeclaims'], ['delete', 'get', 'list', 'patch', 'update', 'watch']),
  rule([''], ['events'], ['create', 'patch']),
  rule([''], ['configmaps', 'namespaces', 'nodes', 'serviceaccounts'], read),
  rule(['storage.k8s.io'], ['storageclasses'], read),
  rule(['coordination.k8s.io'], ['leases'], ['create', 'get', 'update']),
  rule(['authorization.k8s.io'], ['subjectaccessreviews'], ['create']),
  rule(['authentication.k8s.io'], ['tokenreviews'], ['create']),
  rule([kubeDirectorGroup], ['*'], read),
  rule([kubeDirectorGroup], ['kubedirectorclusters/finalizers'], ['update']),
  rule(
    [kubeDirectorGroup],
    ['kubedirectorclusters/status', 'kubedirectorapps/status', 'kubedirectorconfigs/status'],
    ['patch', 'update'],
  ),
]);

/** Secrets that clusters look into, and those with tokens. On a cluster it is bound namespace by namespace, here everywhere. */
const secretsRole: ClusterRole = clusterRole('kubedirector-secrets', [
  rule([''], ['secrets'], ['create', 'list', 'patch', 'watch']),
]);

const group = (name: string): Subject => ({ kind: 'Group', apiGroup: rbacGroup, name });

const clusterRoleBinding = (name: string, role: string, subjects: Subject[]): Binding => ({
  apiVersion,
  kind: 'ClusterRoleBinding',
  metadata: stockMetadata(name),
  roleRef: { apiGroup: rbacGroup, kind: 'ClusterRole', name: role },
  subjects,
});

/** The namespace of KubeDirector, here. */
export const kubeDirectorNamespace = 'default';

const theReconciler: Subject = { kind: 'ServiceAccount', name: 'kubedirector', namespace: kubeDirectorNamespace };

/** Roles besides Kubernetes' own. */
export const kubeDirectorClusterRoles: readonly ClusterRole[] = [reconcilerRole, secretsRole];

export const stockClusterRoleBindings: readonly Binding[] = [
  clusterRoleBinding('cluster-admin', 'cluster-admin', [group(superusers)]),
  clusterRoleBinding('system:discovery', 'system:discovery', [group(allAuthenticated)]),
  clusterRoleBinding('system:basic-user', 'system:basic-user', [group(allAuthenticated)]),
  clusterRoleBinding('system:public-info-viewer', 'system:public-info-viewer', [
    group(allAuthenticated),
    group(allUnauthenticated),
  ]),
  clusterRoleBinding('kubedirector', kubeDirectorRole, [theReconciler]),
  clusterRoleBinding('kubedirector-secrets', 'kubedirector-secrets', [theReconciler]),
];
