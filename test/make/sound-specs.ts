/**
 * Specs of our kinds made at random that break no rule: what a schema admits, with what it cannot say put right.
 */
import fc from 'fast-check';
import { copyOf } from '../../openapi/machinery/json.ts';
import type { Schema } from '../../openapi/schema/schema.ts';
import { type AppSpec, appSpec } from '../../openapi/v1beta1/kubedirectorapp.ts';
import { type ClusterRole, type ClusterSpec, clusterSpec } from '../../openapi/v1beta1/kubedirectorcluster.ts';
import { type ConfigSpec, configSpec } from '../../openapi/v1beta1/kubedirectorconfig.ts';
import { arbitraryOf } from './openapi-arbitrary.ts';

/** Keys of the user's own, where they are kept: one of history's, one of anybody's, and two that mean something in v1alpha1. */
const unknownKeys = fc.constantFrom('qualifiers', 'note', 'image', 'persist_dirs');

const specsOf = <T>(schema: Schema, sound: (spec: T) => void): fc.Arbitrary<T> =>
  arbitraryOf(schema, { presence: 0.3, unknownKeys }).map((made) => {
    const spec = copyOf(made) as T;
    sound(spec);
    return spec;
  });

/** The roles that the app of a random cluster has to have. */
export const randomRoles = ['head', 'worker'] as const;

/** @param app one that has `randomRoles`, each with as many members as you like */
export const anyClusterSpec = (app: string): fc.Arbitrary<ClusterSpec> =>
  specsOf<ClusterSpec>(clusterSpec, (spec) => {
    spec.app = app;
    delete spec.appCatalog;
    spec.roles = randomRoles
      .slice(0, Math.max(1, spec.roles.length))
      .map((id, i) => soundRole({ ...spec.roles[i], id }));
    if (spec.scaleRole !== undefined) spec.scaleRole = 'head';
    if (spec.defaultSecret) Object.assign(spec.defaultSecret, { name: 'site', mountPath: '/etc/site' });
    for (const names of Object.values(spec.connections ?? {})) names?.splice(0, names.length, 'some', 'any');
  });

function soundRole(role: ClusterRole): ClusterRole {
  if (role.members !== undefined) role.members %= 400;
  if (role.secret) Object.assign(role.secret, { name: 'site', mountPath: '/etc/site' });
  if (role.serviceAccountName) role.serviceAccountName = 'spark';
  if (role.storage) role.storage.size = '1.50Gi';
  if (role.blockStorage?.size !== undefined) role.blockStorage.size = 1e9;
  if (role.sharedMemory !== undefined) role.sharedMemory = '64Mi';
  if (role.resources?.limits) role.resources.limits = { memory: 1073741824, cpu: '0.50', 'nvidia.com/gpu': '1' };
  if (role.resources?.requests) role.resources.requests = { memory: '1e6', cpu: '100m' };
  for (const [i, one] of role.volumeProjections?.entries() ?? [])
    Object.assign(one, { pvcName: 'data', mountPath: `/mnt/${9 - i}` });
  for (const key of role.secretKeys ?? []) {
    delete key.encryptedValue;
    delete key.valueFrom;
  }
  role.env = role.env?.map(({ name }, i) => ({
    name: `${name.replaceAll(/[^a-z]/g, 'x')}_${9 - i}`,
    ...(i % 2 ? { value: name } : { valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }),
  })) as NonNullable<ClusterRole['env']>;
  if (!role.env) delete role.env;
  soundMaps(role);
  return role;
}

type Maps = Pick<ClusterRole, 'podLabels' | 'podAnnotations' | 'serviceLabels' | 'serviceAnnotations'>;

/** Keys and values that labels can have, in an order of their own. */
function soundMaps(holder: Maps): void {
  for (const name of ['podLabels', 'podAnnotations', 'serviceLabels', 'serviceAnnotations'] as const)
    if (Object.keys(holder[name] ?? {}).length) holder[name] = { 'example.com/team': 'analytics', a: '', 'B.c': 'x' };
}

export const anyConfigSpec = (): fc.Arbitrary<ConfigSpec> => specsOf<ConfigSpec>(configSpec, soundMaps);

export const anyAppSpec = (): fc.Arbitrary<AppSpec> =>
  specsOf<AppSpec>(appSpec, (spec) => {
    if (!spec.roles.length) spec.roles.push({ id: 'only', cardinality: '1' });
    spec.defaultImageRepoTag ??= 'demo/app:1';
    spec.roles.forEach((role, i) => {
      role.cardinality = ['0', '1', '3', '0+', '2+'][(role.cardinality.length + i) % 5]!;
      if (role.containerSpec) role.containerSpec.stdin = true;
      if (role.minStorage) role.minStorage.size = '3Gi';
      if (role.minResources) role.minResources = { memory: '1e9', cpu: '500m', 'nvidia.com/gpu': 1 };
    });
    spec.services?.forEach(({ endpoint }, i) => {
      if (endpoint?.port) endpoint.port = 8000 + i;
      if (endpoint?.isDashboard) endpoint.urlScheme ??= 'http';
    });
    const roles = spec.roles.map(({ id }) => id);
    const services = (spec.services ?? []).map(({ id }) => id).reverse();
    spec.config.selectedRoles = roles.slice(spec.config.selectedRoles.length % roles.length).reverse();
    spec.config.roleServices = roles
      .slice(0, spec.config.roleServices.length)
      .map((roleID, i) => ({ roleID, serviceIDs: services.slice(0, i + 1) }));
    if (spec.scaleRole !== undefined) spec.scaleRole = roles.at(-1)!;
  });
