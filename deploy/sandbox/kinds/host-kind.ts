/**
 * What the kinds of the host have in common, so that each says only how it differs.
 *
 * Kubernetes' own schemas are not typed in here by hand: what lies below `spec`, `data` and `status` is kept as it was sent, and
 * each kind's strategy judges and fills what KubeDirector and kubectl rely on. Which kinds there are is index.ts' knowledge.
 */

import type { Connection } from '../../../apiserver/registry/connection.ts';
import type { Column, Resource, SelectableField, Subresource } from '../../../apiserver/registry/resource.ts';
import type { Strategy } from '../../../apiserver/registry/strategy.ts';
import { isRecord, type KubeObject } from '../../../openapi/machinery/meta.ts';
import { type NameRule, subdomainFaults } from '../../../openapi/machinery/names.ts';
import { objectMetaSchema } from '../../../openapi/schema/object-meta.ts';
import { listByKey, object, type Schema, string } from '../../../openapi/schema/schema.ts';
import type { Verb } from '../../../openapi/served.ts';
import { decodeProtobuf } from '../wire/protobuf.ts';
import { strategicMerged } from '../wire/strategic-merge.ts';

export interface HostKind<T extends KubeObject, R> {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly description: string;
  /** Kubernetes' name of the definition without its last part: `io.k8s.api.core.v1`. */
  readonly definitions: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  /** Absent: yes. */
  readonly namespaced?: boolean;
  readonly nameRule?: NameRule;
  /** What the kind has beside apiVersion, kind and metadata. */
  readonly fields: Readonly<Record<string, Schema>>;
  readonly strategy?: Strategy<T, R>;
  /** What its status may hold, which only its own path writes. Absent: it has none. */
  readonly status?: Schema;
  /** Does Kubernetes count generations of this kind? Most kinds of the host have none. */
  readonly hasGeneration?: boolean;
  readonly subresources?: readonly Subresource<T>[];
  readonly connections?: readonly Connection<T>[];
  readonly columns: readonly Column<T>[];
  readonly selectableFields?: readonly SelectableField<T>[];
  readonly verbs?: readonly Verb[];
  /** Absent: yes. */
  readonly tracksOwnership?: boolean;
}

const condition = object(
  'One thing that is so, or is not.',
  {
    type: string('What it is about.'),
    status: string('True, False or Unknown.'),
    reason: string('Why, in a word for programs.'),
    message: string('Why, in a sentence for people.'),
    lastTransitionTime: string('When the status changed last.', { format: 'date-time' }),
  },
  { preserveUnknown: true },
);

/** A status with conditions and the fields that the host reads; all others are kept as they are. */
export const statusOf = (fields: Readonly<Record<string, Schema>> = {}): Schema =>
  object(
    'What has become of it. Written by the system, read only to users.',
    { conditions: listByKey(['type'], condition, 'What is so, and what is not.'), ...fields },
    { preserveUnknown: true },
  );

/** The kinds of the host are served in one version each. */
const version = 'v1';

/** Kubernetes lets its own kinds be overwritten by an update without resourceVersion, but for these. */
const strict: readonly string[] = ['Lease', 'APIService', 'EndpointSlice'];

export function hostKind<T extends KubeObject, R = unknown>(parts: HostKind<T, R>): Resource<T, R> {
  const { description, definitions, fields, strategy = {}, nameRule = subdomainFaults, ...names } = parts;
  const { status, hasGeneration = false, namespaced = true, ...rest } = names;
  const schema = object(
    description,
    {
      apiVersion: string('Group and version of this form.'),
      kind: string(`${parts.kind}.`),
      metadata: objectMetaSchema,
      ...fields,
      ...(status && { status }),
    },
    { definition: `${definitions}.${parts.kind}` },
  );
  return {
    ...rest,
    singular: parts.kind.toLowerCase(),
    listKind: `${parts.kind}List`,
    namespaced,
    nameRule,
    hasStatus: status !== undefined,
    forms: [{ version, schema }],
    strategy: withoutNulls(strategy),
    countsGenerations: hasGeneration,
    allowsUnconditionalUpdate: !strict.includes(parts.kind),
    wire: { protobuf: decodeProtobuf, strategicMerge: strategicMerged },
  };
}

/** Go reads a null as "not set", at any depth; programs written in Go send plenty of them. */
const withoutNulls = <T extends KubeObject, R>(strategy: Strategy<T, R>): Strategy<T, R> => ({
  ...strategy,
  prepareForCreate(object, related) {
    dropNulls(object);
    return strategy.prepareForCreate?.(object, related) ?? object;
  },
  prepareForUpdate(object, old, related, context) {
    dropNulls(object);
    return strategy.prepareForUpdate?.(object, old, related, context) ?? object;
  },
});

function dropNulls(value: unknown): void {
  if (Array.isArray(value)) for (const item of value) dropNulls(item);
  if (!isRecord(value)) return;
  for (const key of Object.keys(value))
    if (value[key] === null) delete value[key];
    else if (typeof value[key] === 'object') dropNulls(value[key]);
}
