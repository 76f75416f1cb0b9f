/**
 * Endpoints: the addresses behind a service. Nobody writes them in the sandbox, because nothing is behind a service there.
 */

import { ageColumn, nameColumn } from '../../../apiserver/registry/resource.ts';
import type { KubeObject } from '../../../openapi/machinery/meta.ts';
import { integer, listOf, object, string } from '../../../openapi/schema/schema.ts';
import { column, orNone } from './cells.ts';
import { hostKind } from './host-kind.ts';

export interface Endpoints extends KubeObject {
  subsets?: { addresses?: { ip: string }[]; ports?: { port: number; name?: string; protocol?: string }[] }[];
}

const shown = 3;

function endpointsText({ subsets = [] }: Endpoints): string {
  const all = subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports.length
      ? ports.flatMap(({ port }) => addresses.map(({ ip }) => `${ip}:${port}`))
      : addresses.map(({ ip }) => ip),
  );
  const more = all.length > shown ? ` + ${all.length - shown} more...` : '';
  return orNone(`${all.slice(0, shown).join(',')}${more}`);
}

export const endpoints = hostKind<Endpoints>({
  group: '',
  kind: 'Endpoints',
  plural: 'endpoints',
  description: 'Addresses behind a service.',
  definitions: 'io.k8s.api.core.v1',
  shortNames: ['ep'],
  fields: {
    subsets: listOf(
      object(
        'Addresses and ports.',
        {
          addresses: listOf(object('An address.', { ip: string('Address.') }, { preserveUnknown: true }), 'Addresses.'),
          ports: listOf(object('A port.', { port: integer('Port.') }, { preserveUnknown: true }), 'Ports.'),
        },
        { preserveUnknown: true },
      ),
      'Addresses that have the same ports.',
    ),
  },
  columns: [nameColumn, column('Endpoints', 'The addresses.', endpointsText), ageColumn],
});
