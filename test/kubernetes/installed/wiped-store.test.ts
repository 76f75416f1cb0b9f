/**
 * Never a false "not found": the store is wiped behind a running cluster, and every pod is still there.
 */
import { expect } from 'chai';
import { describeInstalled } from './kubedirector.ts';

const program = ['node', '/app/dist/deploy/main.js'];

describeInstalled(
  'when the store is wiped',
  ({ cluster, namespace, system, objects, createFrom, ready, refusal, until }) => {
    const { kubectl } = namespace;
    const podUids = async (): Promise<string[]> => (await objects('pods')).map(({ metadata }) => metadata.uid).sort();
    const rollout = (...what: string[]) => system('rollout', 'status', ...what, '--timeout=90s');
    let pods: string[];

    before(async function () {
      // Whoever lends us a cluster may want to keep what is in the store.
      if (!cluster.isOurs) return this.skip();
      await createFrom('cr-cluster-spark221e2.yaml', 'mine');
      await ready('mine');
      pods = await podUids();
      await system('scale', 'statefulset', 'kubedirector-etcd', '--replicas=0');
      await system('wait', 'pod/kubedirector-etcd-0', '--for=delete', '--timeout=60s');
      await system('delete', 'persistentvolumeclaim', 'data-kubedirector-etcd-0');
      await system('scale', 'statefulset', 'kubedirector-etcd', '--replicas=1');
      await rollout('statefulset/kubedirector-etcd');
    });

    const collected = async (name: string): Promise<void> => {
      const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'none', uid: 'none' }];
      await namespace.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ownerReferences } } as never);
      await until('the garbage collector has been at work', async () =>
        (await objects('configmaps')).every(({ metadata }) => metadata.name !== name),
      );
    };

    it('nobody is told that a cluster is not there', async () => {
      const said = await until('it is refused', async () => {
        const text = await refusal('get', 'kdc', 'mine');
        expect(text).not.to.match(/NotFound|not found/);
        return !text.startsWith('it was not refused') && text;
      });
      expect(said).to.match(/ServiceUnavailable|unavailable|unable to handle/i);
    });

    it('nor after KubeDirector has been started anew', async () => {
      await system('delete', 'pods', '--selector=app.kubernetes.io/name=kubedirector', '--grace-period=0', '--force');
      await until('it has looked at its store', async () => {
        const map = await system('get', 'configmap', 'kubedirector-store', '--output=jsonpath={.data.foundIdentity}');
        return map !== '';
      });
      expect(await refusal('get', 'kdc', 'mine')).not.to.match(/NotFound|not found/);
    });

    it('and the garbage collector leaves every pod alone', async () => {
      await collected('once');
      await collected('twice');
      expect(await podUids()).to.deep.equal(pods);
    });

    it('an administrator confirms the empty store with a command, and it is served', async () => {
      const [pod = ''] = (
        await system('get', 'pods', '--selector=app.kubernetes.io/name=kubedirector', '--output=name')
      )
        .trim()
        .split('\n');
      expect(await system('exec', pod, '--', ...program, 'confirm-store')).to.match(
        /is confirmed; it is served within seconds/,
      );
      await rollout('deployment/kubedirector');
      await until('it is served', async () => /NotFound/.test(await refusal('get', 'kdc', 'mine')));
      await kubectl('get', 'kdc');
    });
  },
);
