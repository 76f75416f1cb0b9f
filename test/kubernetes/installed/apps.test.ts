/**
 * Two apps of the catalog on real pods, with images of Debian's packages: ZooKeeper, whose members form an ensemble from what they are
 * told of each other, and a notebook that is connected to it. What happened is asked of the members themselves, and of the apps.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { buildCatalogImage } from '../../../deploy/image/catalog.ts';
import { type Anything, describeInstalled, systemNamespace } from './kubedirector.ts';

const cache = join(homedir(), '.cache', 'kubedirector');
const canary = 'canary-5b1f0c8e';
const small = { cpu: '250m', memory: '512Mi' };

const cluster = (name: string, spec: Anything): Anything => ({
  apiVersion: 'kubedirector.bluedata.io/v1beta1',
  kind: 'KubeDirectorCluster',
  metadata: { name },
  spec: { appCatalog: 'system', ...spec },
});

const role = (id: string, members: number, resources: Record<string, string>, more = {}) => ({
  ...{ id, members, resources: { requests: resources, limits: resources } },
  ...more,
});

describeInstalled('an app with scripts, on real pods', (installed) => {
  const { cluster: kubernetes, namespace, system, until } = installed;
  const { kubectl } = namespace;

  const inside = (pod: string, ...words: string[]) => kubectl('exec', pod, '--container=app', '--', ...words);
  const kdc = async (name: string): Promise<Anything> =>
    JSON.parse(await kubectl('get', 'kubedirectorcluster', name, '--output=json'));
  const membersOf = async (name: string): Promise<Anything[]> =>
    ((await kdc(name)).status?.roles ?? []).flatMap(({ members = [] }: Anything) => members);
  const settled = (name: string, members: number) =>
    until(`${name} has ${members} members that know everything`, async () => {
      const { status, metadata } = await kdc(name);
      return (
        status?.state === 'configured' &&
        status.readyMembers === members &&
        status.observedGeneration === metadata.generation &&
        (await membersOf(name)).length === members
      );
    });
  const message = async (name: string, type: string): Promise<string> => {
    const { status } = await kdc(name);
    const found = status?.conditions?.find((condition: Anything) => condition.type === type);
    return found ? `${found.status} ${found.reason}: ${found.message}` : '';
  };

  /** What a ZooKeeper says to one of its four-letter words. */
  const ask = (pod: string, word: string) =>
    inside(pod, 'sh', '-c', `printf ${word} | nc.openbsd -w 3 "$(hostname --fqdn)" 2181`);
  const ensemble = async (pod: string): Promise<string[]> =>
    [...(await ask(pod, 'conf')).matchAll(/^server\.(\d+)=.*:participant/gm)].map(([, id]) => id!).sort();
  const modes = async (): Promise<string[]> =>
    (
      await Promise.all(
        (await membersOf('zk')).map(async ({ pod }) => /^Mode: (\w+)$/m.exec(await ask(pod, 'srvr'))?.[1] ?? 'none'),
      )
    ).sort();

  before(async function () {
    this.timeout(10 * 60_000);
    if (!kubernetes.isOurs) return;
    const folder = mkdtempSync(join(tmpdir(), 'kubedirector-apps-'));
    try {
      for (const image of ['zookeeper', 'jupyter']) {
        const output = join(folder, `${image}.tar`);
        await buildCatalogImage(image, output, cache);
        await kubernetes.load(output);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  describe('a ZooKeeper ensemble', function () {
    this.timeout(5 * 60_000);

    it('is set up by its scripts: one leads, the others follow, and all know each other', async () => {
      await namespace.apply(
        cluster('zk', { app: 'zookeeper', roles: [role('server', 3, small, { storage: { size: '1Gi' } })] }),
      );
      await settled('zk', 3);
      expect(await modes()).to.deep.equal(['follower', 'follower', 'leader']);
      const members = await membersOf('zk');
      expect(await ensemble(members[0].pod)).to.deep.equal(members.map(({ nodeID }) => String(nodeID)).sort());
    });

    it('has in its members what the original left there', async () => {
      const [{ pod, stateDetail, nodeID }] = await membersOf('zk');
      const status = await inside(pod, 'cat', '/opt/guestconfig/configure.status');
      expect(status).to.equal(`${stateDetail.lastConfiguredContainer}=0`);
      const meta = JSON.parse(await inside(pod, 'cat', '/etc/guestconfig/configmeta.json'));
      expect(meta.node.id).to.equal(String(nodeID));
      expect(await inside(pod, 'configcli', '--get', 'node.fqdn')).to.equal(`${meta.node.fqdn}\n`);
      expect(await inside(pod, 'bdvcli', '--get_local_group_fqdns')).to.equal(
        `${meta.nodegroups['1'].roles.server.fqdns.join(',')}\n`,
      );
      expect(await inside(pod, 'hostname', '--fqdn')).to.equal(`${meta.node.fqdn}\n`);
      expect(await inside(pod, 'ls', '/opt/guestconfig/zookeeper/startscript')).to.contain('startscript');
    });

    it('grows, and every member hears of it', async () => {
      await kubectl('scale', 'kubedirectorcluster', 'zk', '--replicas=4');
      await settled('zk', 4);
      const members = await membersOf('zk');
      expect(await ensemble(members[0].pod)).to.have.length(4);
      for (const { pod, stateDetail } of members) {
        const meta = JSON.parse(await inside(pod, 'cat', '/etc/guestconfig/configmeta.json'));
        expect(meta.nodegroups['1'].roles.server.node_ids).to.have.length(4);
        expect(stateDetail).not.to.have.property('pendingNotifyCmds');
        expect(stateDetail.lastSetupGeneration).to.equal(2);
      }
    });

    it('shrinks: the member that goes has no vote any more when it does', async () => {
      await kubectl('scale', 'kubedirectorcluster', 'zk', '--replicas=3');
      await settled('zk', 3);
      const members = await membersOf('zk');
      expect(await ensemble(members[0].pod)).to.deep.equal(members.map(({ nodeID }) => String(nodeID)).sort());
      expect(await modes()).to.deep.equal(['follower', 'follower', 'leader']);
    });

    it('has a member back that lost its pod, with its data and its id', async () => {
      const [, { pod, nodeID, stateDetail }] = await membersOf('zk');
      await kubectl('delete', 'pod', pod);
      await until('it is another container', async () => {
        const found = (await membersOf('zk')).find((member) => member.pod === pod);
        const now = found?.stateDetail.lastConfiguredContainer;
        return found?.state === 'configured' && now !== undefined && now !== stateDetail.lastConfiguredContainer;
      });
      await settled('zk', 3);
      expect((await membersOf('zk')).find((member) => member.pod === pod).nodeID).to.equal(nodeID);
      await until('all vote again', async () => (await modes()).join() === 'follower,follower,leader');
    });
  });

  describe('a notebook that is connected to it', function () {
    this.timeout(5 * 60_000);

    it('waits for the right to keep its token in a Secret, and names it', async () => {
      const notebook = { app: 'jupyter', connections: { clusters: ['zk'], secrets: ['login'] } };
      const from = { secretKeyRef: { name: 'login', key: 'password', optional: true } };
      const secretKeys = [{ name: 'mail', valueFrom: from }];
      const roles = [role('notebook', 1, { ...small, cpu: '500m' }, { secretKeys })];
      await namespace.apply(cluster('book', { ...notebook, roles }));
      const said = await until('it says what it lacks', async () => {
        const text = await message('book', 'Ready');
        return text.includes('ConnectionForbidden') && text;
      });
      expect(said).to.contain('cannot list resource "secrets"');
    });

    it('is served once the right is there, to whoever has the token', async () => {
      await kubectl(
        ...['create', 'rolebinding', 'kubedirector-secrets', '--clusterrole=kubedirector-secrets'],
        `--serviceaccount=${systemNamespace}:kubedirector`,
      );
      await settled('book', 1);
      const { status } = await kdc('book');
      const secret = `${status.clusterService}-tokens`;
      const encoded = await kubectl('get', 'secret', secret, '--output=jsonpath={.data.notebook}');
      const token = Buffer.from(encoded, 'base64').toString();
      const [{ pod }] = await membersOf('book');
      const answer = (path: string) =>
        inside(
          ...[pod, 'python3', '-c'],
          `import urllib.request, urllib.error
try: print(urllib.request.urlopen('http://127.0.0.1:8888${path}').status)
except urllib.error.HTTPError as e: print(e.code)`,
        );
      expect(await answer(`/api/contents?token=${token}`)).to.equal('200\n');
      expect(await answer('/api/contents')).to.equal('403\n');
      expect(JSON.stringify(await kdc('book'))).not.to.contain(token);
    });

    it('says that the Secret it is connected to is missing, and knows the ensemble', async () => {
      expect(await message('book', 'Degraded')).to.match(/^True ConnectionMissing: Secret login/);
      const [{ pod }] = await membersOf('book');
      const meta = JSON.parse(await inside(pod, 'cat', '/etc/guestconfig/configmeta.json'));
      expect(meta.connections.clusters.zk.nodegroups['1'].roles.server.fqdns).to.have.length(3);
      expect(await inside(pod, 'configcli', '--get', 'connections.clusters.zk.cluster.name')).to.equal('zk\n');
    });

    it('gets the Secret when it comes, and nobody else sees what is in it', async () => {
      await namespace.apply({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'login', labels: { 'kubedirector.bluedata.io/secretType': 'login' } },
        stringData: { password: canary },
      } as Anything);
      await until('it has been told', async () => (await message('book', 'Degraded')).startsWith('False'));
      await settled('book', 1);
      const [{ pod }] = await membersOf('book');
      const text = await inside(pod, 'cat', '/etc/guestconfig/configmeta.json');
      const meta = JSON.parse(text);
      const kept = meta.connections.secrets.login[0].data.password;
      expect(Buffer.from(kept, 'base64').toString()).to.equal(canary);
      expect(meta.nodegroups['1'].roles.notebook.secret_keys).to.deep.equal({ mail: canary });
      const pods = (await system('get', 'pods', '--selector=app.kubernetes.io/name=kubedirector', '--output=name'))
        .trim()
        .split('\n');
      const logs = await Promise.all(pods.map((name) => system('logs', name)));
      const metrics = await Promise.all(
        pods.map((name) =>
          kubernetes.kubectl(
            ...['get', '--raw'],
            `/api/v1/namespaces/${systemNamespace}/pods/${name.replace('pod/', '')}:60000/proxy/metrics`,
          ),
        ),
      );
      const seen = [
        ...[...logs, ...metrics, JSON.stringify(await kdc('book'))],
        await kubectl('get', 'events,statefulsets,services,pods', '--output=json'),
      ].join('\n');
      for (const form of [canary, Buffer.from(canary).toString('base64')]) expect(seen).not.to.contain(form);
    });

    it('has the key of the Secret anew when it changes, by the words that scripts ask with', async () => {
      const stringData = { password: `${canary}-again` };
      await kubectl('patch', 'secret', 'login', '--type=merge', `--patch=${JSON.stringify({ stringData })}`);
      const [{ pod }] = await membersOf('book');
      const told = async (what: string) => (await inside(pod, 'configcli', '--get', what)).trimEnd();
      const key = `distros.${await told('node.distro_id')}.1.roles.notebook.secret_keys.mail`;
      await until('it has the new one', async () => (await told(key)) === stringData.password);
      await settled('book', 1);
    });

    it('hears when there are others in the ensemble', async () => {
      await kubectl('scale', 'kubedirectorcluster', 'zk', '--replicas=4');
      await settled('zk', 4);
      const [{ pod }] = await membersOf('book');
      await until('it knows four', async () => {
        const meta = JSON.parse(await inside(pod, 'cat', '/etc/guestconfig/configmeta.json'));
        return meta.connections.clusters.zk.nodegroups['1'].roles.server.fqdns.length === 4;
      });
      await settled('book', 1);
      const { status } = await kdc('book');
      expect(status.connectionVersion).to.be.greaterThan(1);
      expect((await membersOf('book'))[0].stateDetail.lastConnectionVersion).to.equal(status.connectionVersion);
      expect(await inside(pod, 'cat', '/opt/guestconfig/configure.status')).to.match(/=0$/);
    });
  });

  describe('when the clusters are deleted', () => {
    it('nothing is left of them', async function () {
      this.timeout(3 * 60_000);
      await kubectl('delete', 'kubedirectorclusters', '--all');
      await until('everything is gone', async () => {
        const left = await kubectl('get', 'statefulsets,pods,services,persistentvolumeclaims,secrets', '--output=name');
        return !/zk|book/.test(left);
      });
    });
  });
});
