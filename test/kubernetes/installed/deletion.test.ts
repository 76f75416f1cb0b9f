/** The end of clusters, and of the namespaces that they are in: the garbage collector and namespace controller of a real Kubernetes. */

import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { type Anything, describeInstalled } from './kubedirector.ts';

describeInstalled(
  'what belongs to a cluster',
  ({ cluster, namespace, objects, plainApp, createFrom, ready, until }) => {
    const { kubectl } = namespace;
    const sets = () => objects('statefulsets');
    const oneOf = async (kind: string): Promise<boolean> => (await objects(kind)).length > 0;

    const running = async (): Promise<void> => {
      await createFrom('cr-cluster-spark221e2.yaml', 'mine');
      await ready('mine');
    };
    const removed = () =>
      until(
        'all of it is gone',
        async () => !(await oneOf('statefulsets')) && !(await oneOf('pods')) && !(await oneOf('services')),
      );

    it('goes after it', async () => {
      await running();
      await kubectl('delete', 'kdc', 'mine', '--wait=false');
      expect(await objects('kdc')).to.deep.equal([]);
      await removed();
    });

    it('goes before it, when it is deleted in the foreground', async () => {
      await running();
      const uids = (await sets()).map(({ metadata }) => metadata.uid);
      await cluster.kubectl(
        ...['delete', '--raw'],
        `/apis/kubedirector.bluedata.io/v1beta1/namespaces/${namespace.name}/kubedirectorclusters/mine?propagationPolicy=Foreground`,
      );
      await until('the cluster is gone', async () => {
        const [left] = await objects('kdc');
        const children = (await sets()).filter(({ metadata }) => uids.includes(metadata.uid));
        // Never the cluster first.
        if (!left) expect(children).to.deep.equal([]);
        return !left;
      });
      await removed();
    });

    it('stays, and goes on running, when it is orphaned', async () => {
      await running();
      const pods = (await objects('pods')).map(({ metadata }) => metadata.uid).sort();
      await cluster.kubectl(
        ...['delete', '--raw'],
        `/apis/kubedirector.bluedata.io/v1beta1/namespaces/${namespace.name}/kubedirectorclusters/mine?propagationPolicy=Orphan`,
      );
      await until('the cluster is gone', async () => !(await oneOf('kdc')));
      for (const { metadata } of [...(await sets()), ...(await objects('services'))])
        expect(metadata.ownerReferences, metadata.name).to.equal(undefined);
      expect((await objects('pods')).map(({ metadata }) => metadata.uid).sort()).to.deep.equal(pods);
      await kubectl('delete', 'statefulsets,services', '--all');
      await removed();
    });

    it('ends with its namespace', async () => {
      const name = `ends-${randomBytes(3).toString('hex')}`;
      await cluster.kubectl('create', 'namespace', name);
      const document = {
        apiVersion: 'kubedirector.bluedata.io/v1beta1',
        kind: 'KubeDirectorCluster',
        metadata: { name: 'mine', namespace: name },
        spec: { app: 'spark211up', roles: [{ id: 'controller', members: 1 }] },
      };
      const app = plainApp('spark211up');
      await cluster.apply([{ ...app, metadata: { ...app.metadata, namespace: name } }]);
      await cluster.apply([document] as Anything);
      await cluster.kubectl(`--namespace=${name}`, 'wait', 'kdc/mine', '--for=condition=Ready', '--timeout=60s');
      await cluster.kubectl('delete', 'namespace', name, '--timeout=90s');
      const all = await cluster.kubectl('get', 'kdc', '--all-namespaces', '--output=name');
      expect(all).not.to.contain(`/${name}`);
    });
  },
);
