/** What happens to clusters while parts of Kubernetes, or of KubeDirector, are away: nothing; and afterwards all goes on. */
import { expect } from 'chai';
import { describeInstalled } from './kubedirector.ts';

describeInstalled('a running cluster', ({ cluster, namespace, system, objects, createFrom, ready, refusal, until }) => {
  const { kubectl } = namespace;
  const podUids = async (): Promise<string[]> => (await objects('pods')).map(({ metadata }) => metadata.uid).sort();
  let pods: string[];

  before(async () => {
    await createFrom('cr-cluster-spark221e2.yaml', 'mine');
    await ready('mine');
    pods = await podUids();
  });

  /** Everything as before, and work goes on: a worker more, and back. */
  const goesOn = async (): Promise<void> => {
    await until('KubeDirector answers', async () => (await refusal('get', 'kdc')).startsWith('it was not refused'));
    expect(await podUids()).to.deep.equal(pods);
    for (const [replicas, count] of [
      [3, 5],
      [2, 4],
    ] as const) {
      await kubectl('scale', 'kdc', 'mine', `--replicas=${replicas}`);
      await until(`${count} pods are there`, async () => (await objects('pods')).length === count);
    }
    await ready('mine');
    expect(await podUids()).to.deep.equal(pods);
  };

  it('outlives all pods of KubeDirector', async () => {
    await system('delete', 'pods', '--selector=app.kubernetes.io/name=kubedirector', '--grace-period=0', '--force');
    await system('rollout', 'status', 'deployment/kubedirector', '--timeout=90s');
    await goesOn();
  });

  it("outlives KubeDirector's etcd", async () => {
    await system('delete', 'pod', 'kubedirector-etcd-0', '--grace-period=0', '--force');
    await system('rollout', 'status', 'statefulset/kubedirector-etcd', '--timeout=90s');
    await goesOn();
  });

  for (const program of ['kube-apiserver', 'etcd'])
    it(`outlives a restart of the cluster's ${program}`, async function () {
      if (!cluster.isOurs) return this.skip();
      await cluster.restart(program);
      await goesOn();
    });

  it('is reached without a break while KubeDirector is rolled out anew', async () => {
    let failures = 0;
    let asked = 0;
    const stop = new AbortController();
    const asking = (async () => {
      while (!stop.signal.aborted) {
        asked += 1;
        const answer = await refusal('get', 'kdc', 'mine');
        if (!answer.startsWith('it was not refused')) failures += 1;
      }
    })();
    await system('rollout', 'restart', 'deployment/kubedirector');
    await system('rollout', 'status', 'deployment/kubedirector', '--timeout=110s');
    stop.abort();
    await asking;
    expect(asked).to.be.above(10);
    expect(failures).to.equal(0);
  });
});
