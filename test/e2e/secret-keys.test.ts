/**
 * A secret key whose value is kept in a Secret, as a user meets it: from the manifest to the file in the member, and nowhere else. What
 * was ever in the Secret is searched for in everything that anybody sees who may not read Secrets.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { until } from '../apiserver/serving.ts';
import { clusterDocument } from '../make/documents.ts';
import { Clone, type Shell } from './clone.ts';
import { describeWithKubectl } from './programs.ts';

const kind = 'kubedirectorcluster.kubedirector.bluedata.io';
const label = 'kubedirector.bluedata.io/secretType';
const given = 'canary-given-2f61';
const token = 'canary-token-51ce';
const [first, second] = ['canary-first-9d07', 'canary-second-b3c8'];

/** The first that looks into simulated pods. */
const firstLooking = 31;

const clusterWith = (key: object, name = 'demo') =>
  clusterDocument(name, {
    app: 'spark211up',
    roles: [
      { id: 'controller', members: 1 },
      { id: 'worker', members: 2, secretKeys: [{ name: 'admin', ...key }] },
    ],
  });
const taken = { valueFrom: { secretKeyRef: { name: 'login', key: 'password' } } };
const files = {
  given: clusterWith({ value: given }),
  taken: clusterWith(taken),
  both: clusterWith({ value: given, ...taken }),
  'given-by-server': clusterWith({ value: given }, 'other'),
  'taken-by-server': clusterWith(taken, 'other'),
};

describeWithKubectl('a secret key that is kept in a Secret', (kubectl) => {
  let clone: Clone;
  let shell: Shell;
  const canLook = Number(kubectl.version.split('.')[1]) >= firstLooking;

  before(async function () {
    this.timeout(60_000);
    clone = new Clone(kubectl);
    await clone.start('--port=0');
    shell = clone.shell();
    await shell.run('export KUBECONFIG=$PWD/.kubedirector/kubeconfig');
    for (const [name, document] of Object.entries(files))
      writeFileSync(join(clone.folder, `${name}.json`), JSON.stringify(document));
    await run('apply -f catalog/apps/cr-app-spark211up.yaml');
    const config = {
      apiVersion: 'kubedirector.bluedata.io/v1beta1',
      kind: 'KubeDirectorConfig',
      metadata: { name: 'kd-global-config' },
    };
    writeFileSync(join(clone.folder, 'config.json'), JSON.stringify(config));
    await run('apply -f config.json');
  });
  after(async () => {
    await shell?.close();
    clone?.remove();
  });
  const run = (command: string): Promise<string> => shell.run(`kubectl ${command}`);
  const it60 = (title: string, test: () => Promise<void>): void => {
    it(title, test).timeout(60_000);
  };

  const status = async () => JSON.parse(await run(`get ${kind} demo -o json`)).status ?? {};
  /** Everybody has the configuration of that generation. */
  const told = (generation: number): Promise<unknown> =>
    until(
      async () => {
        const { specGenerationToProcess, roles = [] } = await status();
        const has = roles.flatMap(({ members = [] }: { members?: { stateDetail?: object }[] }) =>
          members.map(
            ({ stateDetail }) => (stateDetail as { lastConfigDataGeneration?: number })?.lastConfigDataGeneration,
          ),
        );
        return (
          specGenerationToProcess === generation && has.length === 3 && has.every((one: unknown) => one === generation)
        );
      },
      `all members have generation ${generation}`,
      30_000,
    );
  const expectInMembers = async (value: string): Promise<void> => {
    if (!canLook) return;
    const pods = (await run('get pods -o name')).trim().split('\n');
    expect(pods).to.have.length(3);
    for (const pod of pods) {
      const text = await run(`exec ${pod} -- cat /etc/guestconfig/configmeta.json`);
      expect(JSON.parse(text).nodegroups['1'].roles.worker.secret_keys).to.deep.equal({ admin: value });
    }
  };

  it60('keeps members waiting for the Secret, and the role says which', async () => {
    expect(await run('apply -f taken.json')).to.contain(`${kind}/demo created`);
    const condition = await until(
      async () => {
        const { roles = [] } = await status();
        const { conditions = [] } = roles.find(({ id }: { id: string }) => id === 'worker') ?? {};
        const ready = conditions.find(({ type }: { type: string }) => type === 'Ready');
        return ready?.reason === 'SecretKeyUnavailable' && ready;
      },
      'the role waits for the Secret',
      30_000,
    );
    expect(condition.message).to.match(
      /^Secret login, from which role worker takes secret key admin, does not exist, or has no label \S+secretType,/,
    );
  });

  it60('comes with the Secret, to all members', async () => {
    await run(`create secret generic login --from-literal=password=${first}`);
    await run(`label secret login ${label}=site`);
    expect(await run(`wait --for=condition=Ready ${kind}/demo --timeout=30s`)).to.equal(`${kind}/demo condition met\n`);
    await told(1);
    await expectInMembers(first);
  });

  it60('is unchanged when it is applied again', async () => {
    expect(await run('apply -f taken.json')).to.equal(`${kind}/demo unchanged\n`);
  });

  it60('changes in the members when the Secret changes', async () => {
    await run(`patch secret login --type=merge -p '{"stringData":{"password":"${second}"}}'`);
    await told(2);
    await expectInMembers(second);
  });

  for (const [how, flags, ending, name] of [
    ['by kubectl', '', '', 'demo'],
    ['by the server', '--server-side', '-by-server', 'other'],
  ] as const)
    it60(`takes the place of a value that was applied ${how}, and gives it back`, async () => {
      const keyAfter = async (file: string) => {
        await run(`apply ${flags} -f ${file}${ending}.json`);
        return JSON.parse(await run(`get ${kind} ${name} -o jsonpath='{.spec.roles[1].secretKeys[0]}'`));
      };
      expect(Object.keys(await keyAfter('given'))).to.have.members(['name', 'encryptedValue']);
      expect(await keyAfter('taken')).to.deep.equal({ name: 'admin', ...taken });
      expect(Object.keys(await keyAfter('given'))).to.have.members(['name', 'encryptedValue']);
    });

  it60('is refused beside a value', async () => {
    expect(await run('apply -f both.json')).to.contain('may not be specified when `value` is not empty');
  });

  it60('is told to nobody who may not read Secrets, and neither it nor a token is logged (K-607)', async () => {
    const all =
      'kubedirectorclusters,kubedirectorapps,statefulsets,services,pods,persistentvolumeclaims,configmaps,events';
    await run(`--token=${token} get pods`);
    const seen = [
      clone.printed,
      await run(`get ${all} -A -o yaml`),
      await run(`describe ${kind} demo`),
      await run('get --raw /metrics'),
    ];
    expect(seen[1]).to.contain('SecretKeyUnavailable');
    expect(seen[3]).to.contain('controller_runtime_reconcile_total');
    for (const value of [given, first, second, token])
      for (const form of [value, Buffer.from(value).toString('base64')])
        for (const text of seen) expect(text.includes(form), `${form} is shown`).to.equal(false);
  });
});
