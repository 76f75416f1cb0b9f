/** The field manager of KubeDirectorClusters in both versions, and clusters to try it on. */
import { FieldManager } from '../../../apiserver/managedfields/field-manager.ts';
import { copyOf } from '../../../openapi/machinery/json.ts';
import type { KubeObject, ManagedFieldsEntry } from '../../../openapi/machinery/meta.ts';
import { kubeDirectorClusterV1alpha1 } from '../../../openapi/v1alpha1/kubedirectorcluster.ts';
import { kubeDirectorCluster } from '../../../openapi/v1beta1/kubedirectorcluster.ts';

export const group = 'kubedirector.bluedata.io';
export const v1beta1 = `${group}/v1beta1`;
export const v1alpha1 = `${group}/v1alpha1`;

export const clusterFields = new FieldManager({
  schemaOf: (apiVersion) =>
    ({ [v1beta1]: kubeDirectorCluster, [v1alpha1]: kubeDirectorClusterV1alpha1.schema })[apiVersion],
  convert: (object, apiVersion) => {
    const { toHub, fromHub } = kubeDirectorClusterV1alpha1;
    const copy = copyOf(object);
    const there = apiVersion === v1beta1 ? toHub!({ ...copy }) : (fromHub!(copy) as unknown as KubeObject);
    return { ...there, apiVersion };
  },
});

/** Times, one a second. */
export const at = (second: number): string => `2026-11-21T10:00:${String(second).padStart(2, '0')}Z`;

export type Fields = Readonly<Record<string, unknown>>;

/** A cluster document, as partial as its parts are. */
export const cluster = (spec: Fields, metadata: Fields = {}, apiVersion = v1beta1): KubeObject =>
  ({
    apiVersion,
    kind: 'KubeDirectorCluster',
    metadata: { name: 'c1', namespace: 'ns', ...metadata },
    spec,
  }) as KubeObject;

export const withEntries = (object: KubeObject, managedFields: readonly unknown[] | undefined): KubeObject => {
  const { managedFields: _, ...metadata } = object.metadata;
  return {
    ...object,
    metadata: { ...metadata, ...(managedFields && { managedFields: managedFields as ManagedFieldsEntry[] }) },
  };
};

/** An entry of an update through v1beta1. */
export const entry = (
  manager: string,
  second: number,
  fieldsV1: Fields,
  rest: Partial<ManagedFieldsEntry> = {},
): ManagedFieldsEntry => ({
  manager,
  operation: 'Update',
  apiVersion: v1beta1,
  time: at(second),
  fieldsType: 'FieldsV1',
  fieldsV1,
  ...rest,
});

export interface Writing {
  readonly by?: string;
  readonly second?: number;
  readonly force?: boolean;
  readonly through?: string;
  readonly subresource?: string;
}

/** Applies, and expects no conflict. */
export function apply(live: KubeObject | undefined, configuration: KubeObject, writing: Writing = {}): KubeObject {
  const result = tryToApply(live, configuration, writing);
  if ('conflicts' in result) throw new Error(`${result.conflicts.length} conflicts`);
  return withEntries(result.object, result.managedFields);
}

export const tryToApply = (
  live: KubeObject | undefined,
  configuration: KubeObject,
  { by = 'm1', second = 0, force = false, subresource = '' }: Writing = {},
) =>
  clusterFields.applyConfiguration({
    live,
    configuration: { ...configuration },
    manager: by,
    apiVersion: configuration.apiVersion,
    force,
    subresource,
    time: at(second),
  });

/** Writes an object in place of another one, without the managedFields that it may have. */
export const update = (
  live: KubeObject | undefined,
  object: KubeObject,
  { by = 'u1', second = 0, through = object.apiVersion, subresource = '' }: Writing = {},
): KubeObject => {
  const sent = withEntries(object, undefined);
  const managedFields = clusterFields.recordUpdate({
    live,
    object: sent,
    manager: by,
    apiVersion: through,
    subresource,
    time: at(second),
  });
  return withEntries(sent, managedFields);
};
