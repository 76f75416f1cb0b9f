/**
 * Our group as it is served, made from the schemas alone: for statements about documents that need no registry.
 */
import type { Form } from '../../openapi/form.ts';
import type { Schema } from '../../openapi/schema/schema.ts';
import type { ServedGroup, ServedResource } from '../../openapi/served.ts';
import { kubeDirectorAppV1alpha1 } from '../../openapi/v1alpha1/kubedirectorapp.ts';
import { kubeDirectorClusterV1alpha1 } from '../../openapi/v1alpha1/kubedirectorcluster.ts';
import { kubeDirectorConfigV1alpha1 } from '../../openapi/v1alpha1/kubedirectorconfig.ts';
import { kubeDirectorApp } from '../../openapi/v1beta1/kubedirectorapp.ts';
import { kubeDirectorCluster } from '../../openapi/v1beta1/kubedirectorcluster.ts';
import { kubeDirectorConfig } from '../../openapi/v1beta1/kubedirectorconfig.ts';
import { fixtureGroup, fixtureResource } from './openapi-fixture.ts';

const served = (kind: string, form: Pick<Form, 'inputSchema' | 'schema'>): ServedResource => ({
  ...fixtureResource,
  plural: `${kind.toLowerCase()}s`,
  singular: kind.toLowerCase(),
  kind,
  listKind: `${kind}List`,
  shortNames: [],
  categories: ['kubedirector'],
  subresources: fixtureResource.subresources
    .filter(({ name }) => name === 'status' || kind === 'KubeDirectorCluster')
    .map((subresource) => (subresource.name === 'status' ? { ...subresource, kind } : subresource)),
  schema: form.schema,
  selectableFields: [],
  ...(form.inputSchema && { inputSchema: form.inputSchema }),
});

const inHub = (schema: Schema) => ({ schema });
const { patchTypes } = fixtureGroup.versions[0]!;

export const ourGroup: ServedGroup = {
  group: 'kubedirector.bluedata.io',
  versions: [
    {
      version: 'v1beta1',
      patchTypes,
      resources: [
        served('KubeDirectorApp', inHub(kubeDirectorApp)),
        served('KubeDirectorCluster', inHub(kubeDirectorCluster)),
        served('KubeDirectorConfig', inHub(kubeDirectorConfig)),
      ],
    },
    {
      version: 'v1alpha1',
      patchTypes,
      resources: [
        served('KubeDirectorApp', kubeDirectorAppV1alpha1),
        served('KubeDirectorCluster', kubeDirectorClusterV1alpha1),
        served('KubeDirectorConfig', kubeDirectorConfigV1alpha1),
      ],
    },
  ],
};
