/**
 * KubeDirectorConfig as a resource: the one object `kd-global-config` in KubeDirector's own namespace.
 */
import { type FieldError, invalid, metadata } from '../../../openapi/machinery/field.ts';
import { subdomainFaults } from '../../../openapi/machinery/names.ts';
import { kubeDirectorConfigV1alpha1 } from '../../../openapi/v1alpha1/kubedirectorconfig.ts';
import { type KubeDirectorConfig, kubeDirectorConfig } from '../../../openapi/v1beta1/kubedirectorconfig.ts';
import { ageColumn, nameColumn, type Resource } from '../resource.ts';

export const configName = 'kd-global-config';

/** @param systemNamespace where KubeDirector itself lives */
export const kubeDirectorConfigs = (systemNamespace: string): Resource<KubeDirectorConfig> => ({
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
  strategy: { validate: (config) => placeFaults(config, systemNamespace) },
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

function placeFaults({ metadata: { name, namespace } }: KubeDirectorConfig, systemNamespace: string): FieldError[] {
  const faults: FieldError[] = [];
  if (name !== configName)
    faults.push(invalid(metadata.child('name'), name, `the configuration is named ${configName}`));
  if (namespace !== systemNamespace)
    faults.push(
      invalid(
        metadata.child('namespace'),
        namespace,
        `the configuration lives in KubeDirector's namespace, ${systemNamespace}`,
      ),
    );
  return faults;
}
