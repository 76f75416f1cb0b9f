/**
 * Roles and bindings. What they allow is decided by rbac/authorizer.ts.
 */

import { ageColumn, type Column, nameColumn } from '../../../apiserver/registry/resource.ts';
import type { Strategy } from '../../../apiserver/registry/strategy.ts';
import {
  type FieldError,
  type FieldPath,
  invalid,
  notSupported,
  required,
  root,
} from '../../../openapi/machinery/field.ts';
import { sameJson } from '../../../openapi/machinery/json.ts';
import { pathSegmentFaults } from '../../../openapi/machinery/names.ts';
import { listOf, object, string } from '../../../openapi/schema/schema.ts';
import type { Escalation } from '../rbac/escalation.ts';
import { type Binding, type ClusterRole, type PolicyRule, type Role, rbacGroup, type Subject } from '../rbac/types.ts';
import { column } from './cells.ts';
import { hostKind } from './host-kind.ts';
import { labelSelectorSchema } from './selector.ts';

const definitions = 'io.k8s.api.rbac.v1';

const strings = (description: string) => listOf(string('Word.'), description);

const rules = listOf(
  object('What may be done to what.', {
    verbs: strings('What may be done; * for everything.'),
    apiGroups: strings('Groups of the resources; * for all.'),
    resources: strings('Resources and subresources; * for all.'),
    resourceNames: strings('Names of objects; absent: all.'),
    nonResourceURLs: strings('Paths that are no resources.'),
  }),
  'What the role allows.',
);

const createdColumn: Column<Role> = {
  name: 'Created At',
  type: 'date',
  description: 'When it was created.',
  cell: ({ metadata }) => metadata.creationTimestamp ?? '',
};

function ruleFaults(rule: PolicyRule, at: FieldPath, namespaced: boolean): FieldError[] {
  const { verbs = [], apiGroups = [], resources = [], nonResourceURLs = [] } = rule;
  const faults: FieldError[] = [];
  if (!verbs.length) faults.push(required(at.child('verbs'), 'verbs must contain at least one value'));
  if (nonResourceURLs.length) {
    const place = at.child('nonResourceURLs');
    if (namespaced) faults.push(invalid(place, nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs'));
    if (apiGroups.length || resources.length || rule.resourceNames?.length)
      faults.push(
        invalid(place, nonResourceURLs, 'rules cannot apply to both regular resources and non-resource URLs'),
      );
    return faults;
  }
  if (!apiGroups.length)
    faults.push(required(at.child('apiGroups'), 'resource rules must supply at least one api group'));
  if (!resources.length)
    faults.push(required(at.child('resources'), 'resource rules must supply at least one resource'));
  return faults;
}

const rulesFaults = (list: readonly PolicyRule[] | undefined, namespaced: boolean): FieldError[] =>
  (list ?? []).flatMap((rule, i) => ruleFaults(rule, root.child('rules').index(i), namespaced));

/** Asked before anybody hands on rights. Writes that leave these as they are need none. */
function strategyOfRoles(escalation: Escalation, resource: string): Strategy<Role | ClusterRole> {
  const namespaced = resource === 'roles';
  return {
    async related(role, old, { user }) {
      if (role && !sameJson(rightsOf(role), old && rightsOf(old))) escalation.checkRole(role, { user, resource });
    },
    validate: (role) => rulesFaults(role.rules, namespaced),
  };
}

const rightsOf = (role: Role | ClusterRole): unknown => [
  role.rules ?? [],
  'aggregationRule' in role ? role.aggregationRule : undefined,
];

const roles = (escalation: Escalation) =>
  hostKind<Role>({
    group: rbacGroup,
    kind: 'Role',
    plural: 'roles',
    description: 'What may be done in one namespace.',
    definitions,
    nameRule: pathSegmentFaults,
    fields: { rules },
    strategy: strategyOfRoles(escalation, 'roles'),
    columns: [nameColumn, createdColumn],
  });

const clusterRoles = (escalation: Escalation) =>
  hostKind<ClusterRole>({
    group: rbacGroup,
    kind: 'ClusterRole',
    plural: 'clusterroles',
    description: 'What may be done everywhere, or wherever it is bound.',
    definitions,
    namespaced: false,
    nameRule: pathSegmentFaults,
    fields: {
      rules,
      aggregationRule: object('Other roles whose rules this one has.', {
        clusterRoleSelectors: listOf(labelSelectorSchema, 'Which roles.'),
      }),
    },
    strategy: strategyOfRoles(escalation, 'clusterroles'),
    columns: [nameColumn, createdColumn],
  });

const roleKinds = { RoleBinding: ['ClusterRole', 'Role'], ClusterRoleBinding: ['ClusterRole'] } as const;
const subjectKinds = ['ServiceAccount', 'User', 'Group'];

/** Groups that go without saying are said, as Kubernetes does. */
function filled(binding: Binding): Binding {
  const { roleRef, subjects } = binding;
  return {
    ...binding,
    roleRef: { ...roleRef, apiGroup: roleRef?.apiGroup || rbacGroup },
    ...(subjects && { subjects: subjects.map(filledSubject) }),
  };
}

const filledSubject = (subject: Subject): Subject =>
  subject.kind === 'ServiceAccount' || subject.apiGroup ? subject : { ...subject, apiGroup: rbacGroup };

function bindingFaults({ roleRef, subjects = [] }: Binding, kind: keyof typeof roleKinds): FieldError[] {
  const at = root.child('roleRef');
  const faults: FieldError[] = [];
  if (roleRef.apiGroup !== rbacGroup) faults.push(notSupported(at.child('apiGroup'), roleRef.apiGroup, [rbacGroup]));
  const allowed: readonly string[] = roleKinds[kind];
  if (!allowed.includes(roleRef.kind ?? '')) faults.push(notSupported(at.child('kind'), roleRef.kind ?? '', allowed));
  if (!roleRef.name) faults.push(required(at.child('name')));
  return [
    ...faults,
    ...subjects.flatMap((subject, i) => subjectFaults(subject, root.child('subjects').index(i), kind)),
  ];
}

function subjectFaults(
  { kind, name, namespace, apiGroup = '' }: Subject,
  at: FieldPath,
  binding: string,
): FieldError[] {
  const faults: FieldError[] = [];
  if (!name) faults.push(required(at.child('name')));
  if (!subjectKinds.includes(kind)) return [...faults, notSupported(at.child('kind'), kind, subjectKinds)];
  const group = kind === 'ServiceAccount' ? '' : rbacGroup;
  if (apiGroup !== group) faults.push(notSupported(at.child('apiGroup'), apiGroup, [group]));
  if (kind === 'ServiceAccount' && !namespace && binding === 'ClusterRoleBinding')
    faults.push(required(at.child('namespace')));
  return faults;
}

const bindingStrategy = (kind: keyof typeof roleKinds, escalation: Escalation): Strategy<Binding> => ({
  async related(binding, old, { user }) {
    if (!binding || (old && sameJson([binding.roleRef, binding.subjects], [old.roleRef, old.subjects]))) return;
    // What will be refused in any case need not be looked up.
    if (bindingFaults(filled(binding), kind).length) return;
    escalation.checkBinding(filled(binding), { user, resource: `${kind.toLowerCase()}s` });
  },
  prepareForCreate: filled,
  prepareForUpdate: filled,
  validate: (binding) => bindingFaults(binding, kind),
  validateUpdate: (binding, old) => [
    ...bindingFaults(binding, kind),
    ...(sameJson(binding.roleRef, old.roleRef)
      ? []
      : [invalid(root.child('roleRef'), binding.roleRef, 'cannot change roleRef')]),
  ],
});

const subjectsText = ({ subjects = [] }: Binding, kind: string): string =>
  subjects
    .filter((subject) => subject.kind === kind)
    .map(({ namespace, name }) => (kind === 'ServiceAccount' ? `${namespace}/${name}` : name))
    .join(', ');

const bindingColumns: readonly Column<Binding>[] = [
  nameColumn,
  column('Role', 'The role that is bound.', ({ roleRef }) => `${roleRef.kind}/${roleRef.name}`),
  ageColumn,
  column('Users', 'Users who have it.', (binding) => subjectsText(binding, 'User'), { wide: true }),
  column('Groups', 'Groups that have it.', (binding) => subjectsText(binding, 'Group'), { wide: true }),
  column('ServiceAccounts', 'Service accounts that have it.', (binding) => subjectsText(binding, 'ServiceAccount'), {
    wide: true,
  }),
];

const bindingKind = (kind: keyof typeof roleKinds, description: string, escalation: Escalation) =>
  hostKind<Binding>({
    group: rbacGroup,
    kind,
    plural: `${kind.toLowerCase()}s`,
    description,
    definitions,
    namespaced: kind === 'RoleBinding',
    nameRule: pathSegmentFaults,
    fields: {
      roleRef: object(
        'The role. It cannot be changed.',
        { apiGroup: string('Group of the role.'), kind: string('Role or ClusterRole.'), name: string('Name.') },
        { atomic: true },
      ),
      subjects: listOf(
        object('Somebody.', {
          kind: string('User, Group or ServiceAccount.'),
          apiGroup: string('Group of the kind.'),
          name: string('Name.'),
          namespace: string('Namespace of a service account.'),
        }),
        'Who has the role.',
      ),
    },
    strategy: bindingStrategy(kind, escalation),
    columns: bindingColumns,
  });

export const rbacKinds = (escalation: Escalation) => ({
  roles: roles(escalation),
  roleBindings: bindingKind('RoleBinding', 'Who may do in one namespace what a role says.', escalation),
  clusterRoles: clusterRoles(escalation),
  clusterRoleBindings: bindingKind('ClusterRoleBinding', 'Who may do everywhere what a role says.', escalation),
});
