/** A real Kubernetes keeps what KubeDirector expects of a host; the sandbox passes the same suite. */
import { kubeconfigAccess } from '../../apiserver/host/access.ts';
import { HostClient } from '../../apiserver/host/rest.ts';
import { hostContract } from '../contract/host/suite.ts';
import { describeOnKubernetes } from './the-cluster.ts';

describeOnKubernetes('a Kubernetes as a host', (cluster) => {
  hostContract(async () => {
    const client = new HostClient(await kubeconfigAccess(cluster.kubeconfig));
    return { client, image: 'debian:12-slim', close: () => client.close() };
  });
});
