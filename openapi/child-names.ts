/**
 * What children are called. Names are computed, never drawn: from the namespace, the cluster and the role, so that they come out
 * the same in a plan, after a crash and after a restore. Names that a status holds already win over those made here.
 *
 * Where names must fit: a StatefulSet's into the label controller-revision-hash (63 characters, of which its hash takes 11), a
 * Service's into one label of a host name (63, the first a letter).
 */
import { createHash } from 'node:crypto';
import { safeAlphabet } from './machinery/names.ts';
import type { namingSchemes } from './v1beta1/kubedirectorcluster.ts';

export type NamingScheme = (typeof namingSchemes)[number];

/** For which cluster, and in which scheme. */
export interface Naming {
  readonly scheme: NamingScheme;
  readonly namespace: string;
  readonly cluster: string;
}

const longestLabel = 63;
const longestStatefulSet = longestLabel - '-0123456789'.length;
const hashLength = 5;

/**
 * In the scheme UID the hash is all there is: with 5 letters (14 million) two roles among the thousands of a busy namespace would
 * meet, with 10 they do not. Elsewhere the readable part has to be equal too.
 */
const longHashLength = 10;

/** As the original cut readable names: what 63 leaves for a suffix, a revision and two hyphens. */
const mungedLength = 46;

/** `svc-CLUSTER-xxxxx`: governs the host names of all members. */
export function headlessServiceName({ scheme, namespace, cluster }: Naming): string {
  switch (scheme) {
    case 'Readable':
      return `svc-${munged(cluster)}-${hash(hashLength, namespace, cluster)}`;
    case 'UID':
      return `kdhs-${hash(longHashLength, namespace, cluster)}`;
    case 'CrNameRole':
      return asService(`${cut(cluster)}${hash(hashLength, namespace, cluster)}`);
  }
}

/** `CLUSTER-ROLE-xxxxx`. */
export function statefulSetName({ scheme, namespace, cluster }: Naming, role: string): string {
  switch (scheme) {
    case 'Readable':
      return `${munged(cluster)}-${munged(role)}-${hash(hashLength, namespace, cluster, role)}`;
    case 'UID':
      return `kdss-${hash(longHashLength, namespace, cluster, role)}`;
    case 'CrNameRole':
      return `${cut(`${cluster}-${role}`)}-${hash(hashLength, namespace, cluster, role)}`;
  }
}

/** `svc-POD`: reaches one member. */
export function memberServiceName(scheme: NamingScheme, pod: string): string {
  switch (scheme) {
    case 'Readable':
      return `svc-${pod}`;
    case 'UID':
      return `s-${pod}`;
    case 'CrNameRole':
      return asService(pod);
  }
}

/** What the StatefulSet controller calls a pod, and the claim that it makes for a pod. */
export const podName = (statefulSet: string, ordinal: number): string => `${statefulSet}-${ordinal}`;
export const claimName = (template: string, pod: string): string => `${template}-${pod}`;

/** @returns NaN for something that is no pod of a StatefulSet */
export const ordinalOf = (pod: string): number => Number.parseInt(/-(\d+)$/.exec(pod)?.[1] ?? '', 10);

/** How long the name of a cluster may be, and what sets the limit. For validation, so that nothing is accepted that cannot be built. */
export interface NameLimit {
  readonly characters: number;
  /** `because` completes the sentence "must be no more than N characters, because …". */
  readonly because: string;
}

/** @param roles ids of the roles that the cluster has, or may have */
export function clusterNameLimit(scheme: NamingScheme, roles: readonly string[]): NameLimit {
  const byLabel = { characters: longestLabel, because: 'it is the value of a label on everything the cluster has' };
  if (scheme !== 'Readable') return byLabel;
  const overhead = '--'.length + hashLength;
  const longestRole = roles.reduce((longest, id) => (munged(id).length > longest.length ? munged(id) : longest), '');
  const byRole = {
    characters: longestStatefulSet - overhead - longestRole.length,
    because: `it is followed by the role ${longestRole} in the name of a StatefulSet`,
  };
  const byService = {
    characters: longestLabel - 'svc-'.length - '-'.length - hashLength,
    because: 'it is part of the name of a Service',
  };
  return byRole.characters < byService.characters ? byRole : byService;
}

/** Lower case, and hyphens for what names of children cannot have: apps have roles like `RESTServer` and `vanilla_centos`. */
const munged = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9-]/g, '-');

const cut = (name: string): string => munged(name).slice(0, mungedLength).replace(/-+$/, '');

/** Names of Services begin with a letter, those of clusters and pods need not. */
const asService = (name: string): string => (/^[a-z]/.test(name) ? name : `kd-${name}`);

/** Letters that spell no words, from what tells this child from all others. Neither namespaces, names nor ids contain a slash. */
function hash(length: number, ...parts: readonly string[]): string {
  const digest = createHash('sha256').update(parts.join('/')).digest();
  let rest = digest.readBigUInt64BE();
  const base = BigInt(safeAlphabet.length);
  let letters = '';
  for (let i = 0; i < length; i += 1) {
    letters += safeAlphabet[Number(rest % base)];
    rest /= base;
  }
  return letters;
}
