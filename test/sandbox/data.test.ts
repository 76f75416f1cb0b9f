/** Secrets, ConfigMaps, StorageClasses, Leases and APIServices: what is filled in and what is refused. */
import { expect } from 'chai';
import { type Anything, type Manifest, sandboxes } from './sandbox.ts';

const aSandbox = sandboxes();

const aSecret = (fields: object): Manifest => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 's' },
  ...fields,
});
const aConfigMap = (fields: object): Manifest => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'c' },
  ...fields,
});
const base64 = (text: string): string => Buffer.from(text).toString('base64');

const quietly = { controllers: false } as const;
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => 'accepted',
    (error: Error) => error.message,
  );

describe('a Secret', () => {
  it('moves stringData into data, and is Opaque until told otherwise', async () => {
    const sandbox = await aSandbox(quietly);
    const secret = await sandbox.create(
      aSecret({ data: { a: base64('1'), b: base64('2') }, stringData: { b: 'two' } }),
    );
    expect(secret).to.deep.include({ type: 'Opaque', data: { a: base64('1'), b: base64('two') } });
    expect(secret).not.to.have.property('stringData');
    expect(secret.metadata).not.to.have.property('generation');
  });

  it('keeps its type', async () => {
    const sandbox = await aSandbox(quietly);
    await sandbox.create(aSecret({}));
    const retype = sandbox.edit('secrets', 'default/s', (secret) => {
      secret.type = 'example.com/other';
    });
    expect(await refusal(retype)).to.equal(
      'Secret "s" is invalid: type: Invalid value: "example.com/other": field is immutable',
    );
    const same = await sandbox.edit('secrets', 'default/s', (secret) => {
      delete secret.type;
    });
    expect(same.type).to.equal('Opaque');
  });

  it('that is immutable stays so', async () => {
    const sandbox = await aSandbox(quietly);
    await sandbox.create(aSecret({ immutable: true, stringData: { a: '1' } }));
    const change = sandbox.edit('secrets', 'default/s', (secret) => {
      secret.data = {};
      delete secret.immutable;
    });
    expect(await refusal(change)).to.equal(
      'Secret "s" is invalid: [immutable: Forbidden: field is immutable when `immutable` is set, data: Forbidden: field is immutable when `immutable` is set]',
    );
  });

  for (const [what, fields, text] of [
    [
      'whose data is no base64',
      { data: { a: 'no!' } },
      'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 2',
    ],
    [
      'with a key that is none',
      { stringData: { 'a b': '' } },
      "Secret \"s\" is invalid: data[a b]: Invalid value: \"a b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    ],
    [
      'with a key that leads out of its directory',
      { stringData: { '..a': '' } },
      'Secret "s" is invalid: data[..a]: Invalid value: "..a": must not start with \'..\'',
    ],
    [
      'with a key that is too long',
      { stringData: { ['k'.repeat(254)]: '' } },
      `Secret "s" is invalid: data[${'k'.repeat(254)}]: Invalid value: "${'k'.repeat(254)}": must be no more than 253 characters`,
    ],
    [
      'of a type that asks for keys',
      { type: 'kubernetes.io/tls' },
      'Secret "s" is invalid: [data[tls.crt]: Required value, data[tls.key]: Required value]',
    ],
    [
      'that is too large',
      { stringData: { a: 'x'.repeat(1_048_577) } },
      'Secret "s" is invalid: data: Too long: may not be more than 1048576 bytes',
    ],
    [
      'with a field that nobody knows',
      { dada: {} },
      'Secret in version "v1" cannot be handled as a Secret: strict decoding error: unknown field "dada"',
    ],
  ] as const)
    it(`is refused ${what}`, async () =>
      expect(await refusal((await aSandbox(quietly)).create(aSecret(fields)))).to.equal(text));
});

describe('a ConfigMap', () => {
  it('has no generation, whatever is sent', async () => {
    const sandbox = await aSandbox(quietly);
    await sandbox.create(aConfigMap({}));
    const map = await sandbox.edit('configmaps', 'default/c', ({ metadata }) => {
      metadata.generation = -5;
      metadata.labels = { a: 'b' };
    });
    expect(map.metadata).to.deep.include({ labels: { a: 'b' } });
    expect(map.metadata).not.to.have.property('generation');
  });

  it('has each key once', async () => {
    const sandbox = await aSandbox(quietly);
    const created = sandbox.create(aConfigMap({ data: { a: '1' }, binaryData: { a: 'AAAA' } }));
    expect(await refusal(created)).to.equal(
      'ConfigMap "c" is invalid: data[a]: Invalid value: "a": duplicate of key present in binaryData',
    );
  });

  it('that is immutable can still be labelled', async () => {
    const sandbox = await aSandbox(quietly);
    await sandbox.create(aConfigMap({ data: { a: '1' }, immutable: true }));
    const labelled = await sandbox.edit('configmaps', 'default/c', ({ metadata }) => {
      metadata.labels = { a: 'b' };
    });
    expect(labelled.metadata.labels).to.deep.equal({ a: 'b' });
  });
});

describe('a null', () => {
  it('means that nothing was said, as for every program written in Go', async () => {
    const sandbox = await aSandbox(quietly);
    const template: Anything = {
      metadata: { creationTimestamp: null, labels: { app: 'x' } },
      spec: { containers: [], affinity: null },
    };
    const set = await sandbox.create({
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'x' },
      spec: { selector: { matchLabels: { app: 'x' } }, template },
    });
    expect(set.spec.template.metadata).to.deep.equal({ labels: { app: 'x' } });
    expect(set.spec.template.spec).not.to.have.property('affinity');
  });
});

describe('a StorageClass', () => {
  it('cannot change how it makes volumes', async () => {
    const sandbox = await aSandbox(quietly);
    const change = sandbox.edit('storageclasses', 'standard', (kind) => {
      kind.provisioner = 'x';
      kind.volumeBindingMode = 'WaitForFirstConsumer';
    });
    expect(await refusal(change)).to.equal(
      'StorageClass.storage.k8s.io "standard" is invalid: [provisioner: Forbidden: updates to provisioner are forbidden., volumeBindingMode: Invalid value: "WaitForFirstConsumer": field is immutable]',
    );
  });

  it('that is the newest default is taken by claims', async () => {
    const time = { at: Date.parse('2026-01-01T00:00:00Z') };
    const sandbox = await aSandbox({ ...quietly, clock: { now: () => time.at } });
    time.at += 10_000;
    const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' };
    await sandbox.create({
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'newer', annotations },
      provisioner: 'x',
    });
    await sandbox.until('the cache knows', () => sandbox.peek('storageclasses', 'newer'));
    const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
    const claim = await sandbox.create({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'c' },
      spec,
    });
    expect(claim.spec.storageClassName).to.equal('newer');
  });
});

describe('an APIService', () => {
  it('is called after what it serves, and others than this process are never called', async () => {
    const sandbox = await aSandbox(quietly);
    const service = (name: string): Manifest => ({
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name },
      spec: { group: 'example.com', version: 'v1', service: { namespace: 'default', name: 'far' } },
    });
    expect(await refusal(sandbox.create(service('x')))).to.equal(
      'APIService.apiregistration.k8s.io "x" is invalid: metadata.name: Invalid value: "x": must be `spec.version+"."+spec.group`: "v1.example.com"',
    );
    await sandbox.create(service('v1.example.com'));
    await sandbox.until('the cache knows', () => sandbox.peek('apiservices', 'v1.example.com'));
    expect(sandbox.cells('apiservices', 'v1.example.com')).to.include({
      Service: 'default/far',
      Available: 'False (ServiceNotFound)',
    });
  });
});

describe('a Lease', () => {
  it('is updated only by who has seen its last state', async () => {
    const sandbox = await aSandbox(quietly);
    const lease: Manifest = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'l' },
      spec: { holderIdentity: 'a', leaseDurationSeconds: 15 },
    };
    const seen = await sandbox.create(lease);
    const registry = sandbox.registryOf(lease);
    const options = {
      user: { name: 'b', groups: [] },
      dryRun: false,
      subresource: '',
      warn: () => {},
      fieldValidation: 'Strict' as const,
    };
    const put = (holderIdentity: string) =>
      registry.replace(
        { value: { ...structuredClone(seen), spec: { holderIdentity } }, duplicates: [] },
        { namespace: 'default', name: 'l', version: 'v1' },
        options,
        sandbox.signal,
      );
    await put('b');
    expect(await refusal(put('c'))).to.contain(
      'the object has been modified; please apply your changes to the latest version and try again',
    );
  });
});
