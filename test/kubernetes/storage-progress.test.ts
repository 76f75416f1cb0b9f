/** How far the copy of an init container is, heard from a real one that takes its time. */
import { expect } from 'chai';
import { kubeconfigAccess } from '../../apiserver/host/access.ts';
import { HostClient } from '../../apiserver/host/rest.ts';
import { execPort } from '../../deploy/ports/exec.ts';
import { hostPorts } from '../../deploy/ports/host.ts';
import { silentLog } from '../../openapi/machinery/log.ts';
import { initContainer } from '../../reconciler/cluster/children/persisted.ts';
import { withStorageProgress } from '../../reconciler/cluster/children/storage-progress.ts';
import { systemTimers } from '../../reconciler/timers.ts';
import { kinds, Place } from '../contract/host/host.ts';
import { describeOnKubernetes } from './the-cluster.ts';

describeOnKubernetes('the progress of storage on Kubernetes', (cluster) => {
  let client: HostClient;
  let place: Place;
  const stop = new AbortController();
  const work: Promise<unknown>[] = [];

  before(async () => {
    client = new HostClient(await kubeconfigAccess(cluster.kubeconfig));
    place = new Place({ client, image: 'debian:12-slim', close: () => client.close() });
    await place.open();
  });
  after(async () => {
    stop.abort(new Error('the suite is over'));
    await Promise.allSettled(work);
    await place.close().catch(() => {});
    await client.close();
  });

  it('is told while the container copies, and the copy ends as it would have without', async () => {
    const ports = hostPorts(client, silentLog);
    work.push(ports.run(stop.signal));
    const host = withStorageProgress(ports.host, execPort(client), systemTimers, stop.signal);
    const init = initContainer({ name: 'app', image: place.image }, ['/etc', '/usr/share/bug']);
    const [shell, flag, script, ...args] = init.command!;
    // After its copy it waits, as a large one would, until somebody lets it go.
    const slow = `${script}\nwhile [ ! -e /tmp/go ]; do sleep 0.2; done`;
    const labels = { 'kubedirector.bluedata.io/kdcluster': 'copies' };
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'copies-0', labels },
      spec: {
        initContainers: [{ ...init, command: [shell, flag, slow, ...args] }],
        containers: [
          { name: 'app', image: place.image, stdin: true, tty: true, volumeMounts: [{ name: 'p', mountPath: '/mnt' }] },
        ],
        volumes: [{ name: 'p', emptyDir: {} }],
      },
    };
    // A namespace is open to pods when its service account has a token.
    await place.until('pods may be made', () =>
      place.create(kinds.pods, pod).then(
        () => true,
        () => false,
      ),
    );
    const seen = () => host.children({ namespace: place.namespace, name: 'copies' }).pods[0];
    const progress = await place.until('progress is told', () => seen()?.storageInitProgress);
    expect(progress).to.match(/^\d{1,2}% of \d MiB$/);

    const run = (container: string, ...argv: string[]) => {
      const where = { namespace: place.namespace, pod: 'copies-0', container };
      const ignored = { stdout: () => {}, stderr: () => {} };
      return execPort(client).run(where, { argv, input: new Uint8Array() }, ignored, place.signal);
    };
    expect(await run('init', 'touch', '/tmp/go')).to.equal(0);
    await place.until('the app runs', () => seen()?.status?.phase === 'Running');
    expect(seen()!.storageInitProgress).to.equal(undefined);
    expect(await run('app', 'test', '-e', '/mnt/.kubedirector/etc/.copied')).to.equal(0);
    expect(await run('app', 'cmp', '/etc/debian_version', '/mnt/etc/debian_version')).to.equal(0);
  });
});
