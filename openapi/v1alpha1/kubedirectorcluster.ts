/**
 * KubeDirectorCluster as published in 2018: roles have `name` and `replicas`, status speaks with underscores and says `ready`.
 *
 * Fields that came later keep their present names. Older and newer spellings on input are in the table below.
 */
import type { Form } from '../form.ts';
import { ownValue } from '../machinery/json.ts';
import { isRecord, type KubeObject, recordsIn } from '../machinery/meta.ts';
import type { Schema } from '../schema/schema.ts';
import { kubeDirectorCluster } from '../v1beta1/kubedirectorcluster.ts';
import { listOfRenamed, published, rename, renamed } from './renaming.ts';
import { alsoCalled, movedTo, respell, type Spellings, withOlderSpellings } from './spelling.ts';

const roleNames = { id: 'name', members: 'replicas' };
const statusNames = { generationUID: 'generation_uid', clusterService: 'cluster_service' };
const roleStatusNames = { statefulSet: 'stateful_set' };

/** Present word → word of 2018 (spec: state strings of 0.1 to 0.3). */
const clusterWords: Readonly<Record<string, string>> = { configured: 'ready' };
const memberWords: Readonly<Record<string, string>> = {
  configured: 'ready',
  'create pending': 'create_pending',
  'delete pending': 'delete_pending',
  'config error': 'config_error',
};

const spellings: Spellings = {
  fields: {
    spec: { fields: { roles: { items: { older: { id: alsoCalled('name'), members: alsoCalled('replicas') } } } } },
    status: {
      older: {
        generationUID: alsoCalled('generation_uid'),
        clusterService: alsoCalled('cluster_service'),
        last_node_id: movedTo('lastNodeID'),
      },
      fields: {
        roles: {
          items: {
            older: { statefulSet: alsoCalled('stateful_set') },
            fields: { members: { items: { older: { node_id: movedTo('nodeID') } } } },
          },
        },
      },
    },
  },
};

const schema = publishedSchema();

export const kubeDirectorClusterV1alpha1: Form = {
  version: 'v1alpha1',
  schema,
  inputSchema: withOlderSpellings(schema, spellings),
  respell: (document, warn) => respell(document, spellings, warn),
  fieldCalled: (field) =>
    field.replace(
      /^(spec\.roles\[\d+\]\.)(\w+)/,
      (_, role: string, name: string) => role + (ownValue(roleNames, name) ?? name),
    ),
  selectableFields: { 'status.state': { toHub: (word) => inverted(clusterWords)[word] ?? word } },
  toHub: (object) => {
    eachRole(object.spec, (role) => {
      rename(role, 'name', 'id');
      rename(role, 'replicas', 'members');
    });
    convertStatus(
      object.status,
      inverted(statusNames),
      inverted(roleStatusNames),
      inverted(clusterWords),
      inverted(memberWords),
    );
    return object as unknown as KubeObject;
  },
  fromHub: (object) => {
    const { spec, status } = object as KubeObject & { spec?: unknown; status?: unknown };
    eachRole(spec, (role) => {
      rename(role, 'id', 'name');
      rename(role, 'members', 'replicas');
    });
    convertStatus(status, statusNames, roleStatusNames, clusterWords, memberWords);
    return object as unknown as Record<string, unknown>;
  },
};

function convertStatus(
  status: unknown,
  names: Readonly<Record<string, string>>,
  roleNamesOfStatus: Readonly<Record<string, string>>,
  stateWords: Readonly<Record<string, string>>,
  stateWordsOfMembers: Readonly<Record<string, string>>,
): void {
  if (!isRecord(status)) return;
  for (const [from, to] of Object.entries(names)) rename(status, from, to);
  translate(status, stateWords);
  eachRole(status, (role) => {
    for (const [from, to] of Object.entries(roleNamesOfStatus)) rename(role, from, to);
    for (const member of recordsIn(role.members)) translate(member, stateWordsOfMembers);
  });
}

function translate(holder: Record<string, unknown>, words: Readonly<Record<string, string>>): void {
  const { state } = holder;
  if (typeof state === 'string' && Object.hasOwn(words, state)) holder.state = words[state];
}

function eachRole(holder: unknown, change: (role: Record<string, unknown>) => void): void {
  if (isRecord(holder)) for (const role of recordsIn(holder.roles)) change(role);
}

const inverted = (words: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(words).map(([from, to]) => [to, from]));

function publishedSchema(): Schema {
  const whole = published(kubeDirectorCluster);
  const { spec, status } = whole.properties as Record<'spec' | 'status', Schema>;
  const roles = spec.properties!.roles!;
  const roleStatus = status.properties!.roles!;
  const memberStatus = roleStatus.items!.properties!.members!;
  const members: Schema = {
    ...memberStatus,
    items: renamed(memberStatus.items!, {}, { state: stateOf(memberStatus.items!, memberWords) }),
  };
  return renamed(
    whole,
    {},
    {
      spec: renamed(spec, {}, { roles: listOfRenamed(roles, roleNames, renamed(roles.items!, roleNames)) }),
      status: renamed(status, statusNames, {
        state: stateOf(status, clusterWords),
        roles: { ...roleStatus, items: renamed(roleStatus.items!, roleStatusNames, { members }) },
      }),
    },
  );
}

/** The enum of a `state` property, in the words of 2018. */
function stateOf(holder: Schema, words: Readonly<Record<string, string>>): Schema {
  const state = holder.properties!.state!;
  const allowed = new Set((state.enum ?? []).map((word) => words[word] ?? String(word)));
  const example = typeof state.example === 'string' ? (words[state.example] ?? state.example) : undefined;
  const said = Object.entries(words).reduce(
    (text, [word, old]) => text.replaceAll(`${word}:`, `${old}:`),
    state.description!,
  );
  return { ...state, description: said, enum: [...allowed], ...(example !== undefined && { example }) };
}
