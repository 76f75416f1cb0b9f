/** `exec` and `log` of the sandbox, over HTTPS: how connections are opened, by whom, and how they end. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { WebSocket } from 'ws';
import { kubeconfigAccess } from '../../apiserver/host/access.ts';
import { splitMessage, toChannel } from '../../apiserver/host/exec-protocol.ts';
import { HostClient } from '../../apiserver/host/rest.ts';
import type { KubeObject } from '../../openapi/machinery/meta.ts';
import { until } from '../apiserver/serving.ts';
import { type PlainHost, startPlainHost } from '../serve/plain-host.ts';
import { type Anything, aPod } from './sandbox.ts';

const pods = { group: '', version: 'v1', plural: 'pods' };
const path = '/api/v1/namespaces/default/pods/one/exec?container=app&stdin=true&stdout=true&stderr=true';
const silent = { stdout: () => {}, stderr: () => {} };

interface Identity {
  readonly cert: string;
  readonly key: string;
}

describe('exec in the sandbox', () => {
  let folder: string;
  let host: PlainHost;
  let client: HostClient;
  let server: URL;
  let admin: Identity;
  let signal: AbortSignal;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kubedirector-exec-'));
    host = await startPlainHost(folder);
    const access = await kubeconfigAccess(host.kubeconfigPath);
    client = new HostClient(access);
    server = new URL(access.server);
    admin = await host.identity.admin();
    signal = AbortSignal.timeout(60_000);
    await client.create(pods, aPod('one', {}, { namespace: 'default' }) as unknown as KubeObject, signal);
    await until(async () => {
      const { status } = (await client.get(pods, 'default', 'one', signal)) as Anything;
      return status?.containerStatuses?.[0]?.ready;
    }, 'the pod runs');
  });
  after(async () => {
    await client?.close();
    await host?.stop();
    rmSync(folder, { recursive: true });
  });

  const open = (query: string, protocols: string[] = ['v5.channel.k8s.io']): WebSocket =>
    new WebSocket(`wss://${server.host}${path}${query}`, protocols, { ca: host.identity.ca, ...admin });

  /** What a plain request is answered with. */
  async function ask(way: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Anything> {
    const url = `${server.origin}${way}`;
    const asked = httpsRequest(url, { method, headers, ca: host.identity.ca, ...admin, agent: false });
    asked.end();
    const [response] = await once(asked, 'response');
    const pieces: Buffer[] = [];
    for await (const piece of response) pieces.push(piece);
    return { code: response.statusCode, body: JSON.parse(Buffer.concat(pieces).toString()) };
  }

  /** The end of a connection: the exit code that was told, and the code it was closed with. */
  async function ended(socket: WebSocket): Promise<{ told: string; code: number }> {
    let told = '';
    socket.on('message', (data: Buffer) => {
      const { channel, payload } = splitMessage(data);
      if (channel === 'status') told += payload.toString();
    });
    const [code] = await once(socket, 'close');
    return { told: told && JSON.parse(told).status, code };
  }

  it('is told by discovery', async () => {
    const { body } = await ask('/api/v1');
    const named = (name: string) => body.resources.find((resource: Anything) => resource.name === name);
    expect(named('pods/exec')).to.include({ kind: 'PodExecOptions', namespaced: true });
    expect(named('pods/exec').verbs).to.deep.equal(['create', 'get']);
    expect(named('pods/log')).to.deep.include({ kind: 'Pod', verbs: ['get'] });
  });

  it('is for those who may both get and create it (K-642)', async () => {
    const group = 'rbac.authorization.k8s.io';
    const rbac = (plural: string) => ({ group, version: 'v1', plural });
    for (const verbs of [['get'], ['create'], ['create', 'get']]) {
      const name = verbs.join('-');
      const metadata = { name, namespace: 'default' };
      const rules = [{ apiGroups: [''], resources: ['pods/exec'], verbs }];
      const shared = { apiVersion: `${group}/v1`, metadata };
      await client.create(rbac('roles'), { ...shared, kind: 'Role', rules } as KubeObject, signal);
      const roleRef = { apiGroup: group, kind: 'Role', name };
      const subjects = [{ apiGroup: group, kind: 'User', name }];
      const binding = { ...shared, kind: 'RoleBinding', roleRef, subjects };
      await client.create(rbac('rolebindings'), binding as KubeObject, signal);
    }
    const run = async (name: string): Promise<unknown> => {
      const user = new HostClient({
        ...{ server: server.origin, ca: host.identity.ca },
        ...(await host.identity.user(name, [])),
      });
      const at = { namespace: 'default', pod: 'one', container: 'app' };
      const exitCode = await user
        .exec(at, { argv: ['true'], input: Buffer.alloc(0) }, silent, signal)
        .catch(({ message }: Error) => message);
      await user.close();
      return exitCode;
    };
    await until(async () => (await run('create-get')) === 0, 'the roles are known');
    const refused = (user: string, verb: string) =>
      `pods "one" is forbidden: User "${user}" cannot ${verb} resource "pods/exec" in API group "" in the namespace "default"`;
    expect(await run('get')).to.equal(refused('get', 'create'));
    expect(await run('create')).to.equal(refused('create', 'get'));
  });

  for (const protocol of ['v5.channel.k8s.io', 'v4.channel.k8s.io'])
    it(`speaks ${protocol} (K-642, K-643, K-644)`, async () => {
      const socket = open('&command=head&command=-c&command=3', ['v9.channel.k8s.io', protocol]);
      await once(socket, 'open');
      expect(socket.protocol).to.equal(protocol);
      socket.send(toChannel('stdin', Buffer.from('abcdef')));
      expect(await ended(socket)).to.deep.equal({ told: 'Success', code: 1000 });
    });

  it('outlives the deadline of other requests', async () => {
    const socket = open('&command=sleep&command=1&timeout=200ms');
    expect(await ended(socket)).to.deep.equal({ told: 'Success', code: 1000 });
  });

  for (const [what, headers, message] of [
    ['a client that asks for no other protocol', {}, 'Upgrade request required'],
    [
      'SPDY, which kubectl spoke before 1.31',
      { connection: 'Upgrade', upgrade: 'SPDY/3.1' },
      'SPDY/3.1 is not spoken here, only WebSocket: use kubectl 1.31 or newer',
    ],
    [
      'other subprotocols',
      { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-protocol': 'v1.channel.k8s.io' },
      'none of the WebSocket subprotocols is spoken here: use v5.channel.k8s.io or v4.channel.k8s.io',
    ],
  ] as const)
    it(`refuses ${what}`, async () => {
      for (const method of ['GET', 'POST']) {
        const { code, body } = await ask(`${path}&command=true`, headers, method);
        expect([code, body.reason, body.message]).to.deep.equal([400, 'BadRequest', message]);
      }
    });

  it('refuses what else is wrong before it says that SPDY is not spoken', async () => {
    const { body } = await ask(path, { connection: 'Upgrade', upgrade: 'SPDY/3.1' }, 'POST');
    expect(body.message).to.equal('you must specify at least 1 command for the container');
  });

  it('answers ordinary requests of clients that would rather speak something else', async () => {
    for (const upgrade of ['h2c', 'websocket', 'SPDY/3.1']) {
      const { code, body } = await ask('/version', { connection: 'Upgrade', upgrade });
      expect([code, body.gitVersion]).to.deep.equal([200, 'v1.36.0+test']);
    }
  });

  it('ends with a client that sends too much at once', async () => {
    const socket = open('&command=sleep&command=30');
    await once(socket, 'open');
    socket.send(Buffer.alloc(2_000_000));
    expect((await ended(socket)).code).to.equal(1009);
  });

  it('makes a client wait while a program does not read', async () => {
    const socket = open('&command=sleep&command=30');
    await once(socket, 'open');
    let sent = 0;
    for (let i = 0; i < 60; i += 1) socket.send(toChannel('stdin', Buffer.alloc(500_000)), () => (sent += 1));
    await until(() => sent > 0 && socket.bufferedAmount > 0, 'some of it was taken');
    const before = sent;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(sent).to.be.within(before, 59);
    socket.terminate();
  });

  it('shows a log that says what it is', async () => {
    const asked = httpsRequest(`${server.origin}/api/v1/namespaces/default/pods/one/log`, {
      ...{ ca: host.identity.ca, agent: false },
      ...admin,
    });
    asked.end();
    const [response] = await once(asked, 'response');
    response.setEncoding('utf8');
    const [text] = await once(response, 'data');
    expect(text).to.match(/^Pods are simulated here: nothing runs in container "app" in pod "one"/);
  });

  it('is ended when the server stops', async () => {
    const another = mkdtempSync(join(tmpdir(), 'kubedirector-exec-'));
    const stopping = await startPlainHost(another);
    const access = await kubeconfigAccess(stopping.kubeconfigPath);
    const its = new HostClient(access);
    await its.create(pods, aPod('one', {}, { namespace: 'default' }) as unknown as KubeObject, signal);
    const at = { namespace: 'default', pod: 'one', container: 'app' };
    let heard = '';
    const output = { ...silent, stdout: (chunk: Buffer) => (heard += chunk.toString()) };
    const run = (argv: string[], input = ''): Promise<number> =>
      its.exec(at, { argv, input: Buffer.from(input) }, output, signal);
    await until(async () => (await run(['true']).catch(() => 1)) === 0, 'the pod runs');
    // It waits for a second byte; the first one comes back.
    const running = run(['head', '-c', '2'], 'a').catch((error: Error) => error.message);
    const waiting = run(['sleep', '30']).catch((error: Error) => error.message);
    await until(() => heard === 'a', 'it runs');
    await running;
    await its.close();
    await stopping.stop();
    expect(await waiting).to.match(/broke before the end of the program was told \(code 1001\)/);
    rmSync(another, { recursive: true });
  });
});
