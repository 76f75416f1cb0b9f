/**
 * What comes with KubeDirector for administrators who want it otherwise: components of deploy/kubernetes that overlays name. They are
 * built here by every kubectl that knows components (1.21 and later), and their flags are read by the program itself.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect } from 'chai';
import { decodeYaml } from '../../apiserver/codec/yaml.ts';
import { serveOptions } from '../../deploy/commands/serve/options.ts';
import { describeWithKubectl } from '../e2e/programs.ts';
import { temporaryFolder } from '../storage/folder.ts';

const base = join(import.meta.dirname, '../../deploy/kubernetes');

// biome-ignore lint/suspicious/noExplicitAny: objects of many kinds
type Anything = any;

describeWithKubectl('an overlay of deploy/kubernetes', ({ path, version }) => {
  if (Number(version.split('.')[1]) < 21) return void it('needs kubectl 1.21 or later for components');

  let folder: { path: string; remove(): Promise<void> };
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => folder.remove());

  const built = (...components: string[]): Anything[] => {
    const overlay = join(folder.path, 'overlay');
    const from = (place: string): string => relative(overlay, place);
    mkdirSync(overlay);
    writeFileSync(
      join(overlay, 'kustomization.yaml'),
      JSON.stringify({
        apiVersion: 'kustomize.config.k8s.io/v1beta1',
        kind: 'Kustomization',
        resources: [from(base)],
        components: components.map((name) => from(join(base, name))),
      }),
    );
    const text = execFileSync(path, ['kustomize', overlay], { encoding: 'utf8' });
    return text.split(/^---$/m).map((document) => decodeYaml(Buffer.from(document)).value);
  };
  const named = (objects: Anything[], kind: string, name: string): Anything =>
    objects.find((object) => object.kind === kind && object.metadata.name === name);
  const server = (objects: Anything[]) => {
    const { spec } = named(objects, 'Deployment', 'kubedirector');
    const { containers, volumes } = spec.template.spec;
    const [command, ...flags] = containers[0].args;
    expect(command).to.equal('serve');
    const mounted = new Map<string, Anything>(
      containers[0].volumeMounts.map(({ name, mountPath }: Anything) => [
        mountPath,
        volumes.find((volume: Anything) => volume.name === name),
      ]),
    );
    return { spec, options: serveOptions(flags), mounted };
  };

  it('without components changes nothing', () => {
    const { options, spec } = server(built());
    expect(options.storage.kind).to.equal('etcd');
    expect(options.encryption).to.equal(undefined);
    expect(spec.replicas).to.equal(2);
  });

  it('with embedded has one replica, on a claim that outlives it, and no etcd', () => {
    const objects = built('embedded');
    const { options, spec, mounted } = server(objects);
    expect(options.storage).to.deep.equal({ kind: 'embedded', directory: '/var/lib/kubedirector/store' });
    expect([spec.replicas, spec.strategy]).to.deep.equal([1, { type: 'Recreate' }]);
    expect(mounted.get('/var/lib/kubedirector').persistentVolumeClaim).to.deep.equal({
      claimName: 'kubedirector-store',
    });
    expect(named(objects, 'PersistentVolumeClaim', 'kubedirector-store').metadata.namespace).to.equal('kubedirector');
    expect(objects.filter(({ metadata }) => metadata.name === 'kubedirector-etcd')).to.deep.equal([]);
    expect(objects.filter(({ kind }) => kind === 'APIService')).to.have.length(2);
  });

  it('with encryption waits for a Secret, and reads its configuration anew when it changes', () => {
    const { options, mounted } = server(built('encryption'));
    expect(options.encryption).to.deep.equal({ file: '/etc/kubedirector-encryption/encryption.yaml', reload: true });
    const { secret } = mounted.get('/etc/kubedirector-encryption');
    expect([secret.secretName, secret.optional ?? false]).to.deep.equal(['kubedirector-encryption', false]);
    expect(options.storage.kind).to.equal('etcd');
  });

  it('with both has both', () => {
    const { options, mounted } = server(built('embedded', 'encryption'));
    expect([options.storage.kind, options.encryption?.reload]).to.deep.equal(['embedded', true]);
    expect([...mounted.keys()]).to.include.members(['/var/lib/kubedirector', '/etc/kubedirector-encryption']);
  });
});
