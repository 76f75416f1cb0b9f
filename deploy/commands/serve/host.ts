/**
 * The host cluster of `serve`: how it is reached for work, for TokenReviews and for SubjectAccessReviews.
 */
import { inClusterAccess, kubeconfigAccess } from '../../../apiserver/host/access.ts';
import { HostClient, type RequestCounter } from '../../../apiserver/host/rest.ts';
import type { Clock } from '../../../openapi/machinery/clock.ts';
import { UsageError } from '../flags.ts';
import type { ServeOptions } from './options.ts';

export interface Host {
  readonly client: HostClient;
  readonly authentication: HostClient;
  readonly authorization: HostClient;
  /** KubeDirector's own. */
  readonly namespace: string;
  close(): Promise<void>;
}

type Flags = Pick<ServeOptions, 'kubeconfig' | 'authenticationKubeconfig' | 'authorizationKubeconfig' | 'namespace'>;

/**
 * @param counted told of each request
 * @throws UsageError when there is no way to the host
 */
export async function openHost(flags: Flags, clock: Clock, counted?: RequestCounter): Promise<Host> {
  const inCluster = inClusterAccess(clock);
  const namespace = flags.namespace ?? inCluster?.namespace;
  if (!namespace) throw new UsageError("Outside of a pod, --namespace says which namespace is KubeDirector's own.");
  const access = flags.kubeconfig ? await accessBy(flags.kubeconfig) : inCluster;
  if (!access)
    throw new UsageError('This is no pod with a service account; say with --kubeconfig how the cluster is reached.');
  const client = new HostClient(access, counted);
  const clientBy = async (path: string | undefined): Promise<HostClient> =>
    path ? new HostClient(await accessBy(path), counted) : client;
  const authentication = await clientBy(flags.authenticationKubeconfig);
  const authorization = await clientBy(flags.authorizationKubeconfig);
  return {
    ...{ client, authentication, authorization, namespace },
    close: async () => {
      await Promise.all([...new Set([client, authentication, authorization])].map((one) => one.close()));
    },
  };
}

async function accessBy(path: string) {
  try {
    return await kubeconfigAccess(path);
  } catch (cause) {
    throw new UsageError(`The kubeconfig ${path} cannot be used: ${(cause as Error).message}`, { cause });
  }
}
