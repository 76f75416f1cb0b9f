/** Children of clusters on a real Kubernetes; the sandbox passes the same suite. */
import { kubeconfigAccess } from '../../apiserver/host/access.ts';
import { HostClient } from '../../apiserver/host/rest.ts';
import { childrenContract } from '../contract/children/suite.ts';
import { describeOnKubernetes } from './the-cluster.ts';

describeOnKubernetes('the children of a cluster on Kubernetes', (cluster) => {
  childrenContract(async () => {
    const client = new HostClient(await kubeconfigAccess(cluster.kubeconfig));
    return { client, image: 'debian:12-slim', close: () => client.close() };
  });
});
