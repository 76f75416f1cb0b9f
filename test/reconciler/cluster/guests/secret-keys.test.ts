/** Stories of secret keys whose values are kept in Secrets: members have them, and nobody else is told. */
import { expect } from 'chai';
import { encryptSecretValue } from '../../../../openapi/secret-values.ts';
import type { ClusterRole, ClusterSpec } from '../../../../openapi/v1beta1/kubedirectorcluster.ts';
import type { ConfigSpec } from '../../../../openapi/v1beta1/kubedirectorconfig.ts';
import type { DataObject } from '../../../../reconciler/host-types.ts';
import { aCluster, aRole } from '../../../make/kubedirector.ts';
import { failed } from '../../guests.ts';
import { World } from '../../world.ts';

const workerSet = 'spark-instance-worker-4dvst';
const controllerSet = 'spark-instance-controller-fdbm2';
const label = 'kubedirector.bluedata.io/secretType';
const canary = 'canary-7c1d4f';

const aSecret = (data: Record<string, string | Buffer> = { password: canary }, labels = { [label]: 'site' }) =>
  ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'login', labels },
    data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')])),
  }) satisfies DataObject;

type SecretKey = NonNullable<ClusterRole['secretKeys']>[number];
const fromSecret = (key = 'password', more: { optional?: boolean } = {}): SecretKey => ({
  name: 'admin',
  valueFrom: { secretKeyRef: { name: 'login', key, ...more } },
});
const taking = (key = fromSecret(), worker: Partial<ClusterRole> = { members: 2 }): Partial<ClusterSpec> => ({
  roles: [aRole({ id: 'controller' }), aRole({ id: 'worker', ...worker, secretKeys: [key] })],
});

async function settled(spec = taking(), secret: DataObject | null = aSecret(), config: ConfigSpec = {}) {
  const world = new World();
  world.setConfig(config);
  if (secret) world.setData(secret);
  world.create(aCluster(spec));
  await world.settle();
  return world;
}

const keysIn = (world: World, pod: string) => world.guests.configmeta(pod).nodegroups['1'].roles.worker.secret_keys;
const roleCondition = (world: World, role: string, type: string) =>
  world
    .cluster()
    .status!.roles!.find(({ id }) => id === role)!
    .conditions!.find((condition) => condition.type === type)!;

/** Everything that somebody sees who may not read Secrets. */
const seen = (world: World): string =>
  JSON.stringify([world.cluster(), [...world.children.values()], world.events, world.told, world.writes]);
const expectNoCanaryIn = (text: string) => {
  for (const form of [canary, Buffer.from(canary).toString('base64')]) expect(text).not.to.include(form);
};

describe('a secret key that is kept in a Secret', () => {
  it('is given to all members, and nobody else is told', async () => {
    const world = await settled();
    for (const pod of [`${controllerSet}-0`, `${workerSet}-0`, `${workerSet}-1`])
      expect(keysIn(world, pod)).to.deep.equal({ admin: canary });
    expect(world.condition('Ready')!.status).to.equal('True');
    expect(world.condition('Degraded')!.status).to.equal('False');
    expectNoCanaryIn(seen(world));
  });

  for (const [what, secret, key, message] of [
    [
      'the Secret is not there',
      null,
      'password',
      `Secret login, from which role worker takes secret key admin, does not exist, or has no label ${label}, without which nobody is told of it`,
    ],
    [
      'the Secret has no label',
      { ...aSecret(), metadata: { name: 'login' } },
      'password',
      `Secret login, from which role worker takes secret key admin, does not exist, or has no label ${label}, without which nobody is told of it`,
    ],
    [
      'the Secret has no such key',
      aSecret(),
      'pass',
      'Secret login has no key pass, from which role worker takes secret key admin',
    ],
    [
      'the Secret has no such key of its own',
      aSecret(),
      'constructor',
      'Secret login has no key constructor, from which role worker takes secret key admin',
    ],
    [
      'the key is no text',
      aSecret({ password: Buffer.from([0xff, 0xfe, 0x00]) }),
      'password',
      'key password of Secret login, from which role worker takes secret key admin, is no text in UTF-8',
    ],
  ] as const)
    it(`keeps members waiting while ${what}, says so, and is given to them when it comes`, async () => {
      const world = await settled(taking(fromSecret(key)), secret);
      expect(world.guests.calls).to.deep.equal([]);
      for (const ready of [world.condition('Ready')!, roleCondition(world, 'worker', 'Ready')]) {
        expect(ready).to.include({ status: 'False', reason: 'SecretKeyUnavailable' });
        expect(ready.message).to.match(/; 0 of [23] members are ready$/);
        expect(ready.message.replace(/; .*$/, '')).to.equal(message);
      }
      expect(world.condition('Degraded')).to.deep.include({ status: 'True', reason: 'SecretKeyUnavailable', message });
      expect(world.condition('Stalled')!.status).to.equal('True');
      expect(roleCondition(world, 'controller', 'Degraded').status).to.equal('False');
      world.setData(aSecret({ [key]: canary }));
      await world.settle();
      expect(keysIn(world, `${workerSet}-0`)).to.deep.equal({ admin: canary });
      expect(world.condition('Ready')!.status).to.equal('True');
      expect(world.condition('Degraded')!.status).to.equal('False');
      expectNoCanaryIn(seen(world));
    });

  it('names the right that KubeDirector lacks to read it', async () => {
    const world = new World();
    world.secretsRefused = 'secrets is forbidden: User "kubedirector" cannot list resource "secrets"';
    world.setData(aSecret());
    world.create(aCluster(taking(fromSecret('password', { optional: true }))));
    await world.settle();
    expect(world.guests.calls).to.deep.equal([]);
    const message = `KubeDirector has no right that it needs: Secret login, from which role worker takes secret key admin, cannot be read: ${world.secretsRefused}`;
    expect(roleCondition(world, 'worker', 'Degraded')).to.include({ reason: 'ConnectionForbidden', message });
    world.secretsRefused = undefined;
    await world.settle();
    expect(keysIn(world, `${workerSet}-0`)).to.deep.equal({ admin: canary });
  });

  for (const [what, secret, key] of [
    ['the Secret', null, 'password'],
    ['the key', aSecret(), 'pass'],
  ] as const)
    it(`that is optional is left out while ${what} is missing, and told when it comes`, async () => {
      const world = await settled(taking(fromSecret(key, { optional: true })), secret);
      expect(world.condition('Ready')!.status).to.equal('True');
      expect(world.condition('Degraded')!.status).to.equal('False');
      expect(keysIn(world, `${workerSet}-0`)).to.equal(undefined);
      world.setData(aSecret({ [key]: canary }));
      await world.settle();
      expect(keysIn(world, `${workerSet}-0`)).to.deep.equal({ admin: canary });
    });

  it('is given to members again when it changes, and no script is told', async () => {
    const world = await settled();
    const told = world.guests.told.length;
    world.setData(aSecret({ password: 'another-1' }));
    await world.settle();
    for (const pod of [`${controllerSet}-0`, `${workerSet}-1`])
      expect(keysIn(world, pod)).to.deep.equal({ admin: 'another-1' });
    expect(world.guests.told).to.have.length(told);
    expect(world.cluster().status).to.include({
      specGenerationToProcess: 2,
      connectionVersion: 0,
      state: 'configured',
    });
  });

  it('counts where a server that did not know of it has given an empty value, too', async () => {
    const masterEncryptionKey = 'a'.repeat(32);
    const left = { ...fromSecret(), encryptedValue: encryptSecretValue('', masterEncryptionKey) };
    const world = await settled(taking(left), aSecret(), { masterEncryptionKey });
    expect(keysIn(world, `${workerSet}-0`)).to.deep.equal({ admin: canary });
    world.setData(aSecret({ password: 'another-1' }));
    await world.settle();
    expect(keysIn(world, `${workerSet}-0`)).to.deep.equal({ admin: 'another-1' });
  });

  it('changes nothing while it stays as it is', async () => {
    const world = await settled();
    const { status } = world.cluster();
    world.restart();
    await world.settle();
    expect(world.cluster().status).to.deep.equal(status);
  });

  it('that goes is left with the members that have it, and those that come wait', async () => {
    const world = await settled();
    const calls = world.guests.calls.length;
    world.removeData('Secret', 'login');
    await world.settle();
    expect(world.guests.calls).to.have.length(calls);
    expect(world.condition('Ready')!.status).to.equal('True');
    expect(world.condition('Degraded')).to.include({ status: 'True', reason: 'SecretKeyUnavailable' });
    world.edit('spark-instance', ({ roles }) => {
      roles[1]!.members = 3;
    });
    await world.settle();
    expect(world.guests.calls).to.have.length(calls);
    expect(world.condition('Ready')).to.include({ status: 'False', reason: 'SecretKeyUnavailable' });
    world.setData(aSecret({ password: 'another-1' }));
    await world.settle();
    expect(world.condition('Ready')!.status).to.equal('True');
    for (const pod of [`${workerSet}-0`, `${workerSet}-2`])
      expect(keysIn(world, pod)).to.deep.equal({ admin: 'another-1' });
  });

  it('of a role without members is needed by nobody', async () => {
    const world = await settled(taking(fromSecret(), { members: 0 }), null);
    expect(world.condition('Ready')!.status).to.equal('True');
    expect(world.condition('Degraded')!.status).to.equal('False');
  });

  it('is not shown when a script repeats it', async () => {
    const world = new World();
    world.setData(aSecret({ password: `${canary}\n` }));
    const said = `login with ${canary} or ${Buffer.from(`${canary}\n`).toString('base64')}\n`;
    world.guests.answer = (pod, { verb }) =>
      pod === `${workerSet}-0` && verb === 'setup'
        ? [
            { type: 'output', stream: 'stdout', text: said },
            { type: 'output', stream: 'stderr', text: said },
            { type: 'result', result: failed('script', '1') },
          ]
        : undefined;
    world.create(aCluster(taking()));
    await world.settle();
    const shown = 'login with [redacted] or [redacted]\n';
    const member = world
      .cluster()
      .status!.roles!.flatMap(({ members = [] }) => members)
      .find(({ pod }) => pod === `${workerSet}-0`)!;
    expect(member.stateDetail).to.include({ startScriptStdoutMessage: shown, startScriptStderrMessage: shown });
    expect(world.condition('Ready')!.message).to.include('login with [redacted]');
    expectNoCanaryIn(seen(world));
  });
});

describe('a secret key that is encrypted', () => {
  const key = 'a'.repeat(32);
  const encryptedKey = { name: 'admin', encryptedValue: encryptSecretValue(canary, key) };

  it('is given to members, and nobody else is told', async () => {
    const world = await settled(taking(encryptedKey), null, { masterEncryptionKey: key });
    expect(keysIn(world, `${workerSet}-1`)).to.deep.equal({ admin: canary });
    expect(world.condition('Degraded')!.status).to.equal('False');
    expectNoCanaryIn(seen(world));
  });

  it('with another key than that of the configuration is left out, and its role says so', async () => {
    const world = await settled(taking(encryptedKey), null, { masterEncryptionKey: 'b'.repeat(32) });
    expect(keysIn(world, `${workerSet}-1`)).to.equal(undefined);
    expect(world.condition('Ready')!.status).to.equal('True');
    const message =
      'secret keys of role worker cannot be read with the master key of the configuration, and members do without: admin';
    for (const degraded of [world.condition('Degraded')!, roleCondition(world, 'worker', 'Degraded')])
      expect(degraded).to.include({ status: 'True', reason: 'SecretKeyUnreadable', message });
  });
});
