/**
 * KubeDirectorApp as a resource.
 */
import { subdomainFaults } from '../../../openapi/machinery/names.ts';
import { kubeDirectorAppV1alpha1 } from '../../../openapi/v1alpha1/kubedirectorapp.ts';
import { type KubeDirectorApp, kubeDirectorApp } from '../../../openapi/v1beta1/kubedirectorapp.ts';
import { ageColumn, nameColumn, type Resource } from '../resource.ts';
import type { Strategy } from '../strategy.ts';
import type { AppLookups } from './lookups.ts';
import { appStrategy } from './strategy.ts';

export const kubeDirectorApps = (lookups: AppLookups): Resource<KubeDirectorApp> => ({
  group: 'kubedirector.bluedata.io',
  plural: 'kubedirectorapps',
  singular: 'kubedirectorapp',
  kind: 'KubeDirectorApp',
  listKind: 'KubeDirectorAppList',
  shortNames: ['kdapp', 'kda'],
  categories: ['kubedirector'],
  namespaced: true,
  forms: [{ version: 'v1beta1', schema: kubeDirectorApp }, kubeDirectorAppV1alpha1],
  nameRule: subdomainFaults,
  strategy: appStrategy(lookups) as Strategy<KubeDirectorApp>,
  hasStatus: false,
  selectableFields: [
    { label: 'spec.distroID', value: ({ spec }) => spec.distroID },
    { label: 'spec.roles.imageRepoTag', value: imagesOf, indexed: true },
  ],
  columns: [
    nameColumn,
    {
      name: 'Application',
      type: 'string',
      description: 'What people call it.',
      cell: ({ spec }) => spec.label.name,
    },
    { name: 'Version', type: 'string', description: 'Version of the description.', cell: ({ spec }) => spec.version },
    {
      name: 'Roles',
      type: 'string',
      description: 'Its roles, each with its cardinality.',
      cell: ({ spec }) => spec.roles.map(({ id, cardinality }) => `${id}:${cardinality}`).join(','),
    },
    {
      name: 'Distro',
      type: 'string',
      description: 'The line of applications it belongs to.',
      priority: 1,
      cell: ({ spec }) => spec.distroID,
    },
    ageColumn,
  ],
});

/** The images that members run, whether the role names one or has the default. */
function imagesOf({ spec: { roles, defaultImageRepoTag = '' } }: KubeDirectorApp): string[] {
  return [...new Set(roles.map(({ imageRepoTag = defaultImageRepoTag }) => imageRepoTag))];
}
