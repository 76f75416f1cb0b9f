/** Where the app of a cluster is found: in the catalog that the cluster names, else in its own namespace before KubeDirector's. */
import type { ObjectKey } from '../../openapi/machinery/meta.ts';
import type { KubeDirectorCluster } from '../../openapi/v1beta1/kubedirectorcluster.ts';
import type { FoundApp } from './blueprint.ts';
import type { AppPort } from './ports.ts';

/** The places where the app may be, the first that counts first. */
export function catalogsOf(
  { metadata, spec }: KubeDirectorCluster,
  systemNamespace: string,
): { catalog: 'local' | 'system'; key: ObjectKey }[] {
  const namespaces = { local: metadata.namespace ?? '', system: systemNamespace };
  const catalogs = spec.appCatalog ? [spec.appCatalog] : (['local', 'system'] as const);
  return catalogs.map((catalog) => ({ catalog, key: { namespace: namespaces[catalog], name: spec.app } }));
}

export async function findApp(
  cluster: KubeDirectorCluster,
  apps: Pick<AppPort, 'find'>,
  systemNamespace: string,
  signal: AbortSignal,
): Promise<FoundApp | undefined> {
  for (const { catalog, key } of catalogsOf(cluster, systemNamespace)) {
    const app = await apps.find(key, signal);
    if (app) return { catalog, app };
  }
  return undefined;
}
