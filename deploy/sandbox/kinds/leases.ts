/**
 * Leases: who leads, and until when (K-621).
 */

import { ageColumn, nameColumn } from '../../../apiserver/registry/resource.ts';
import { type FieldError, invalid, spec as specPath } from '../../../openapi/machinery/field.ts';
import type { KubeObject } from '../../../openapi/machinery/meta.ts';
import { integer, object, string } from '../../../openapi/schema/schema.ts';
import { column } from './cells.ts';
import { hostKind } from './host-kind.ts';

export interface Lease extends KubeObject {
  spec?: {
    holderIdentity?: string;
    leaseDurationSeconds?: number;
    acquireTime?: string;
    renewTime?: string;
    leaseTransitions?: number;
    strategy?: string;
    preferredHolder?: string;
  };
}

const nullString = (description: string, format?: string) => ({
  ...string(description, format ? { format } : {}),
  nullable: true,
});

function faults({ spec = {} }: Lease): FieldError[] {
  const { leaseDurationSeconds: seconds, leaseTransitions: transitions } = spec;
  return [
    ...(seconds !== undefined && seconds <= 0
      ? [invalid(specPath.child('leaseDurationSeconds'), seconds, 'must be greater than 0')]
      : []),
    ...(transitions !== undefined && transitions < 0
      ? [invalid(specPath.child('leaseTransitions'), transitions, 'must be greater than or equal to 0')]
      : []),
  ];
}

export const leases = hostKind<Lease>({
  group: 'coordination.k8s.io',
  kind: 'Lease',
  plural: 'leases',
  description: 'Something that one holder has for a time.',
  definitions: 'io.k8s.api.coordination.v1',
  fields: {
    spec: object('Who holds it.', {
      holderIdentity: nullString('The holder.'),
      leaseDurationSeconds: { ...integer('Seconds after renewTime in which others must not take it.'), nullable: true },
      acquireTime: nullString('When the holder took it.', 'date-time'),
      renewTime: nullString('When the holder renewed it last.', 'date-time'),
      leaseTransitions: { ...integer('How often it changed hands.'), nullable: true },
      strategy: nullString('How a new holder is chosen.'),
      preferredHolder: nullString('Who should have it.'),
    }),
  },
  strategy: { validate: faults },
  columns: [nameColumn, column('Holder', 'The holder.', ({ spec }) => spec?.holderIdentity ?? ''), ageColumn],
});
