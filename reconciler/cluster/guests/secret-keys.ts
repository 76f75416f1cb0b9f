/**
 * The secret keys of roles: their values, be they encrypted in the cluster or kept in a Secret of its namespace, and what is wrong with
 * those that cannot be told.
 *
 * Where a key is missing that is not optional, a script would go on with a password that is empty, or that everybody knows. So nobody is
 * told anything until it is there; members that have been told keep what they have.
 */
import { isUtf8 } from 'node:buffer';
import { decryptSecretValue } from '../../../openapi/secret-values.ts';
import type { ClusterRole, ClusterSpec, KubeDirectorCluster } from '../../../openapi/v1beta1/kubedirectorcluster.ts';
import type { ConfigSpec } from '../../../openapi/v1beta1/kubedirectorconfig.ts';
import type { DataPort, SeenData } from '../ports.ts';
import type { Problem } from '../problems.ts';
import { forbidden, isNotSeen } from './unseen.ts';

type SecretKey = NonNullable<ClusterRole['secretKeys']>[number];

/** A value, and what tells it from others without telling it. */
export interface SecretKeyValue {
  readonly identity: unknown;
  readonly value: string;
}

export interface SecretKeys {
  /** By role and name; those that cannot be told are not among them. */
  readonly values: ReadonlyMap<string, ReadonlyMap<string, SecretKeyValue>>;
  /** By role. */
  readonly problems: ReadonlyMap<string, readonly Problem[]>;
  /** One that scripts need has not been seen. */
  readonly incomplete: boolean;
}

export const noSecretKeys: SecretKeys = { values: new Map(), problems: new Map(), incomplete: false };

export const takesFromSecrets = ({ roles }: Pick<ClusterSpec, 'roles'>): boolean =>
  roles.some(({ secretKeys }) => secretKeys?.some(({ valueFrom }) => valueFrom));

export function seeSecretKeys(
  { metadata: { namespace = '' }, spec }: KubeDirectorCluster,
  { masterEncryptionKey }: ConfigSpec,
  data: Pick<DataPort, 'read'>,
): SecretKeys {
  const values = new Map<string, ReadonlyMap<string, SecretKeyValue>>();
  const problems = new Map<string, readonly Problem[]>();
  let incomplete = false;
  for (const { id, members, secretKeys = [] } of spec.roles) {
    // Nobody is there to need them.
    if (members === 0) continue;
    const seen = secretKeys.map((key) => {
      const { valueFrom, encryptedValue } = key;
      if (!valueFrom) return decrypted(encryptedValue, masterEncryptionKey);
      const { name = '' } = valueFrom.secretKeyRef;
      return taken(id, key, data.read({ kind: 'Secret', namespace, name }));
    });
    values.set(id, new Map(secretKeys.flatMap(({ name }, i) => (seen[i]!.found ? [[name, seen[i]!.found]] : []))));
    const unreadable = secretKeys.flatMap(({ name }, i) => (seen[i]!.unreadable ? name : []));
    const found = [...seen.flatMap(({ problem }) => problem ?? []), ...cannotRead(id, unreadable)];
    if (found.length > 0) problems.set(id, found);
    incomplete ||= seen.some(({ needed }) => needed);
  }
  return { values, problems, incomplete };
}

interface SeenKey {
  readonly found?: SecretKeyValue;
  readonly problem?: Problem;
  /** Members wait for it. */
  readonly needed?: boolean;
  /** It was encrypted with another key; members do without. */
  readonly unreadable?: boolean;
}

function decrypted(encryptedValue: string | undefined, masterKey: string | undefined): SeenKey {
  const value =
    encryptedValue === undefined || masterKey === undefined ? undefined : decryptSecretValue(encryptedValue, masterKey);
  return value === undefined ? { unreadable: true } : { found: { identity: encryptedValue, value } };
}

const cannotRead = (role: string, names: readonly string[]): Problem[] =>
  names.length === 0
    ? []
    : [
        {
          reason: 'SecretKeyUnreadable',
          message: `secret keys of role ${role} cannot be read with the master key of the configuration, and members do without: ${names.join(', ')}`,
        },
      ];

/** From a Secret, if it may be looked at and has the key. */
function taken(role: string, { name, valueFrom }: SecretKey, seen: SeenData): SeenKey {
  const { name: secret = '', key, optional = false } = valueFrom!.secretKeyRef;
  const use = `from which role ${role} takes secret key ${name}`;
  const lacking = (message: string): SeenKey => ({
    problem: { reason: 'SecretKeyUnavailable', message },
    needed: true,
  });
  switch (seen.state) {
    case 'unknown':
      return { needed: true };
    case 'forbidden':
      return { problem: forbidden(`Secret ${secret}, ${use}, cannot be read: ${seen.message}`), needed: true };
    case 'missing':
      return optional ? {} : lacking(`Secret ${secret}, ${use}, ${isNotSeen('Secret')}`);
    case 'found': {
      const { data = {}, metadata } = seen.object;
      if (!Object.hasOwn(data, key)) return optional ? {} : lacking(`Secret ${secret} has no key ${key}, ${use}`);
      const bytes = Buffer.from(data[key]!, 'base64');
      if (!isUtf8(bytes)) return lacking(`key ${key} of Secret ${secret}, ${use}, is no text in UTF-8`);
      const identity = ['Secret', secret, key, metadata.uid, metadata.resourceVersion];
      return { found: { identity, value: bytes.toString('utf8') } };
    }
  }
}
