/** In which scheme, and for whom, the children of a cluster are named. */
import type { Naming } from '../../openapi/child-names.ts';
import type { KubeDirectorCluster } from '../../openapi/v1beta1/kubedirectorcluster.ts';
import type { ConfigSpec } from '../../openapi/v1beta1/kubedirectorconfig.ts';
import { namespaceOf } from './blueprint.ts';

export const namingFor = (cluster: KubeDirectorCluster, config: ConfigSpec): Naming => ({
  scheme: cluster.spec.namingScheme ?? config.defaultNamingScheme ?? 'Readable',
  namespace: namespaceOf({ cluster }),
  cluster: cluster.metadata.name,
});
