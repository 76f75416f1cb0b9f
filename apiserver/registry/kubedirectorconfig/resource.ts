/**
 * KubeDirectorConfig as a resource: the one object `kd-global-config` in KubeDirector's own namespace.
 */
import { subdomainFaults } from '../../../openapi/machinery/names.ts';
import { kubeDirectorConfigV1alpha1 } from '../../../openapi/v1alpha1/kubedirectorconfig.ts';
import { type KubeDirectorConfig, kubeDirectorConfig } from '../../../openapi/v1beta1/kubedirectorconfig.ts';
import { ageColumn, nameColumn, type Resource } from '../resource.ts';
import type { Strategy } from '../strategy.ts';
import type { ConfigLookups } from './lookups.ts';
import { configStrategy } from './strategy.ts';

export { configName } from './strategy.ts';

/** @param systemNamespace where KubeDirector itself lives */
export const kubeDirectorConfigs = (lookups: ConfigLookups, systemNamespace: string): Resource<KubeDirectorConfig> => ({
  group: 'kubedirector.bluedata.io',
  plural: 'kubedirectorconfigs',
  singular: 'kubedirectorconfig',
  kind: 'KubeDirectorConfig',
  listKind: 'KubeDirectorConfigList',
  shortNames: ['kdconfig'],
  categories: ['kubedirector'],
  namespaced: true,
  forms: [{ version: 'v1beta1', schema: kubeDirectorConfig }, kubeDirectorConfigV1alpha1],
  nameRule: subdomainFaults,
  strategy: configStrategy(lookups, systemNamespace) as Strategy<KubeDirectorConfig>,
  hasStatus: true,
  columns: [
    nameColumn,
    {
      name: 'Service Type',
      type: 'string',
      description: 'Default type of the services of members.',
      cell: ({ spec }) => spec?.defaultServiceType ?? null,
    },
    {
      name: 'Naming',
      type: 'string',
      description: 'Default naming scheme.',
      cell: ({ spec }) => spec?.defaultNamingScheme ?? null,
    },
    ageColumn,
  ],
});
