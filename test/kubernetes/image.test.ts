/** KubeDirector's image, as deploy/image makes it: does it run where everything is forbidden that need not be allowed? */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { buildImage } from '../../deploy/image/image.ts';
import { temporaryFolder } from '../storage/folder.ts';
import { inNamespace } from './namespace.ts';
import { describeOnKubernetes } from './the-cluster.ts';

const name = 'kubedirector.test/kubedirector:test';
const project = join(import.meta.dirname, '../..');
const cache = join(homedir(), '.cache', 'kubedirector');

const podWith = (args: readonly string[]) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'kubedirector' },
  spec: {
    terminationGracePeriodSeconds: 5,
    securityContext: { runAsNonRoot: true },
    containers: [
      {
        name: 'kubedirector',
        image: name,
        args,
        securityContext: {
          readOnlyRootFilesystem: true,
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
        },
        volumeMounts: [{ name: 'data', mountPath: '/data' }],
      },
    ],
    volumes: [{ name: 'data', emptyDir: {} }],
  },
});

describeOnKubernetes("KubeDirector's image", (cluster) => {
  const namespace = inNamespace(cluster);
  const logs = () => namespace.kubectl('logs', 'kubedirector');

  before(async function () {
    if (!cluster.isOurs) return this.skip();
    const folder = await temporaryFolder();
    try {
      const output = join(folder.path, 'image.tar');
      const built = await buildImage({ project, output, name, cache });
      expect(await buildImage({ project, output, name, cache })).to.deep.equal(built);
      await cluster.load(output);
    } finally {
      await folder.remove();
    }
  });

  it('runs the program, its store and its catalog included, as nobody on a file system that is read-only', async () => {
    await namespace.apply(podWith(['sandbox', '--data-dir=/data/sandbox']));
    await namespace.kubectl('wait', 'pod/kubedirector', '--for=condition=Ready', '--timeout=60s');
    while (!/^Ready after/m.test(await logs())) {
      const phase = await namespace.kubectl('get', 'pod', 'kubedirector', '--output=jsonpath={.status.phase}');
      expect(phase, await logs()).to.equal('Running');
    }
    expect(await logs()).to.match(/applied the catalog: \w/);
  });
});
