/** The cluster that the other suites rely on, whichever it is. */
import { expect } from 'chai';
import { inNamespace } from './namespace.ts';
import { describeOnKubernetes } from './the-cluster.ts';

const labels = { app: 'web' };

/** It ends when it is told to, so that nobody waits for it. */
const waiting = "trap 'exit 0' TERM; echo kept > /data/file; while :; do sleep 1; done";

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: { clusterIP: 'None', selector: labels, ports: [{ name: 'http', port: 8080 }] },
};

const statefulSet = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'web' },
  spec: {
    serviceName: 'web',
    replicas: 2,
    podManagementPolicy: 'Parallel',
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        containers: [
          {
            name: 'web',
            image: 'debian:12-slim',
            command: ['bash', '-c', waiting],
            volumeMounts: [{ name: 'data', mountPath: '/data' }],
          },
        ],
      },
    },
    volumeClaimTemplates: [
      {
        metadata: { name: 'data' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
      },
    ],
  },
};

describeOnKubernetes('a Kubernetes to test on', (cluster) => {
  const namespace = inNamespace(cluster);
  const inPod = (...command: readonly string[]) => namespace.kubectl('exec', 'web-0', '--', ...command);

  before(async () => {
    await namespace.apply(service, statefulSet);
    await namespace.kubectl('rollout', 'status', 'statefulset/web', '--timeout=100s');
  });

  it('runs pods, and commands in them', async () => expect(await inPod('hostname')).to.equal('web-0\n'));

  it('binds their claims to volumes', async () => {
    const phases = ['get', 'persistentvolumeclaims', '--output=jsonpath={.items[*].status.phase}'];
    expect(await namespace.kubectl(...phases)).to.equal('Bound Bound');
    expect(await inPod('cat', '/data/file')).to.equal('kept\n');
  });

  it('tells them services and their neighbours by name', async () => {
    expect(await inPod('getent', 'hosts', 'kubernetes.default')).to.include('kubernetes.default.svc.cluster.local');
    const neighbour = await namespace.kubectl('get', 'pod', 'web-1', '--output=jsonpath={.status.podIP}');
    expect(await inPod('getent', 'hosts', 'web-1.web')).to.match(new RegExp(`^${neighbour} `));
  });

  it('goes on after a restart of kube-apiserver', async function () {
    if (!cluster.isOurs) this.skip();
    await cluster.restart('kube-apiserver');
    expect(await inPod('cat', '/data/file')).to.equal('kept\n');
  });
});
