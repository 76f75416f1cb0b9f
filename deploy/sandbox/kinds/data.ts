/**
 * ConfigMaps and Secrets: small data under keys, which may be declared immutable.
 */

import { ageColumn, nameColumn } from '../../../apiserver/registry/resource.ts';
import type { Strategy } from '../../../apiserver/registry/strategy.ts';
import {
  type FieldError,
  type FieldPath,
  forbidden,
  invalid,
  required,
  root,
  tooLong,
} from '../../../openapi/machinery/field.ts';
import { sameJson } from '../../../openapi/machinery/json.ts';
import type { KubeObject } from '../../../openapi/machinery/meta.ts';
import { configKeyFaults } from '../../../openapi/machinery/names.ts';
import { StatusError } from '../../../openapi/machinery/status.ts';
import { boolean, mapOf, string } from '../../../openapi/schema/schema.ts';
import { column } from './cells.ts';
import { hostKind } from './host-kind.ts';

export interface ConfigMap extends KubeObject {
  data?: Record<string, string>;
  /** In base64. */
  binaryData?: Record<string, string>;
  immutable?: boolean;
}

export interface Secret extends KubeObject {
  /** In base64. */
  data?: Record<string, string>;
  /** Plain text on its way into `data`; never stored. */
  stringData?: Record<string, string>;
  type?: string;
  immutable?: boolean;
}

const maxBytes = 1024 * 1024;

const keyFaults = (values: Record<string, string> = {}, at: FieldPath): FieldError[] =>
  Object.keys(values).flatMap((key) => configKeyFaults(key).map((text) => invalid(at.key(key), key, text)));

/** Bytes of base64 text, once it is decoded. */
const decodedBytes = (text: string): number => Math.floor((text.replace(/=+$/, '').length * 3) / 4);

const sizeFaults = (bytes: number, at: FieldPath | string): FieldError[] =>
  bytes > maxBytes ? [tooLong(at, maxBytes)] : [];

/** What may still be written of an object whose data has been frozen. */
function immutableFaults<T extends ConfigMap | Secret>(
  object: T,
  old: T,
  fields: readonly (keyof T & string)[],
): FieldError[] {
  if (!old.immutable) return [];
  const text = 'field is immutable when `immutable` is set';
  return [
    ...(object.immutable ? [] : [forbidden(root.child('immutable'), text)]),
    ...fields
      .filter((field) => !sameJson(object[field], old[field]))
      .map((field) => forbidden(root.child(field), text)),
  ];
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Kubernetes cannot even decode such an object. */
function refuseMalformed(kind: string, values: Record<string, string> = {}): void {
  for (const text of Object.values(values)) {
    const plain = text.replace(/[\r\n]/g, '');
    if (base64.test(plain)) continue;
    const at = plain.search(/[^A-Za-z0-9+/]/);
    throw StatusError.badRequest(
      `${kind} in version "v1" cannot be handled as a ${kind}: illegal base64 data at input byte ${at < 0 ? plain.length : at}`,
    );
  }
}

const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0);

const configMapStrategy: Strategy<ConfigMap> = {
  prepareForCreate(object) {
    refuseMalformed('ConfigMap', object.binaryData);
    return object;
  },
  prepareForUpdate(object) {
    refuseMalformed('ConfigMap', object.binaryData);
    return object;
  },
  validate: configMapFaults,
  validateUpdate: (object, old) => [
    ...immutableFaults(object, old, ['data', 'binaryData']),
    ...configMapFaults(object),
  ],
};

function configMapFaults({ data = {}, binaryData = {} }: ConfigMap): FieldError[] {
  const bytes = sum(Object.values(data).map((text) => Buffer.byteLength(text)));
  return [
    ...keyFaults(data, root.child('data')),
    ...keyFaults(binaryData, root.child('binaryData')),
    ...Object.keys(data)
      .filter((key) => Object.hasOwn(binaryData, key))
      .map((key) => invalid(root.child('data').key(key), key, 'duplicate of key present in binaryData')),
    ...sizeFaults(bytes + sum(Object.values(binaryData).map(decodedBytes)), ''),
  ];
}

const size = (values: object | undefined): number => Object.keys(values ?? {}).length;

export const configMaps = hostKind<ConfigMap>({
  group: '',
  kind: 'ConfigMap',
  plural: 'configmaps',
  description: 'Configuration as data under keys.',
  definitions: 'io.k8s.api.core.v1',
  shortNames: ['cm'],
  fields: {
    data: mapOf(string('Value.'), 'Text under keys.'),
    binaryData: mapOf(string('Value.', { format: 'byte' }), 'Bytes under keys, in base64.'),
    immutable: boolean('The data may not be changed any more.'),
  },
  strategy: configMapStrategy,
  columns: [
    nameColumn,
    column('Data', 'How many keys there are.', ({ data, binaryData }) => size(data) + size(binaryData)),
    ageColumn,
  ],
});

const opaque = 'Opaque';

/** Keys that secrets of some types must have. */
const requiredKeys: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
};

function withoutStringData({ stringData, ...secret }: Secret): Secret {
  refuseMalformed('Secret', secret.data);
  const added = Object.entries(stringData ?? {}).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
  if (added.length) secret.data = { ...secret.data, ...Object.fromEntries(added) };
  return { ...secret, type: secret.type || opaque };
}

const secretStrategy: Strategy<Secret> = {
  prepareForCreate: withoutStringData,
  // A type cannot change, so an update need not repeat it.
  prepareForUpdate: (secret, old) =>
    withoutStringData({ ...secret, ...(!secret.type && old.type && { type: old.type }) }),
  validate: secretFaults,
  validateUpdate: (secret, old) => [
    ...(secret.type === old.type ? [] : [invalid(root.child('type'), secret.type, 'field is immutable')]),
    ...immutableFaults(secret, old, ['data']),
    ...secretFaults(secret),
  ],
};

function secretFaults({ data = {}, type = '' }: Secret): FieldError[] {
  const at = root.child('data');
  return [
    ...keyFaults(data, at),
    ...sizeFaults(sum(Object.values(data).map(decodedBytes)), at),
    ...(requiredKeys[type] ?? []).filter((key) => !Object.hasOwn(data, key)).map((key) => required(at.key(key))),
  ];
}

export const secrets = hostKind<Secret>({
  group: '',
  kind: 'Secret',
  plural: 'secrets',
  description: 'Data that only few should see.',
  definitions: 'io.k8s.api.core.v1',
  fields: {
    data: mapOf(string('Value.', { format: 'byte' }), 'Bytes under keys, in base64.'),
    stringData: mapOf(string('Value.'), 'Text under keys, moved to data when it is written; never shown.'),
    type: string('What programs may expect of the keys.'),
    immutable: boolean('The data may not be changed any more.'),
  },
  strategy: secretStrategy,
  columns: [
    nameColumn,
    column('Type', 'What programs may expect of the keys.', ({ type }) => type ?? ''),
    column('Data', 'How many keys there are.', ({ data }) => size(data)),
    ageColumn,
  ],
  selectableFields: [{ label: 'type', value: ({ type }) => type ?? '' }],
});
