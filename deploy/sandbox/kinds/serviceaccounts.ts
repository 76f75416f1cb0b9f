/**
 * ServiceAccounts: names that programs go by.
 */

import { ageColumn, nameColumn } from '../../../apiserver/registry/resource.ts';
import type { KubeObject } from '../../../openapi/machinery/meta.ts';
import { anything, boolean, listByKey, listOf, object, string } from '../../../openapi/schema/schema.ts';
import { column } from './cells.ts';
import { hostKind } from './host-kind.ts';

export interface ServiceAccount extends KubeObject {
  secrets?: { name?: string }[];
  imagePullSecrets?: { name?: string }[];
  automountServiceAccountToken?: boolean;
}

export const serviceAccounts = hostKind<ServiceAccount>({
  group: '',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  description: 'A name that a program goes by.',
  definitions: 'io.k8s.api.core.v1',
  shortNames: ['sa'],
  fields: {
    secrets: listByKey(
      ['name'],
      object('A secret.', { name: string('Name.') }, { preserveUnknown: true }),
      'Secrets that its pods may use.',
    ),
    imagePullSecrets: listOf(anything('A secret.'), 'Secrets with which images are pulled.'),
    automountServiceAccountToken: boolean('Whether pods get a token without asking for it.'),
  },
  columns: [
    nameColumn,
    column('Secrets', 'How many secrets its pods may use.', ({ secrets }) => secrets?.length ?? 0),
    ageColumn,
  ],
});
