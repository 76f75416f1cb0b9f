/**
 * Encryption at rest beside Kubernetes' own: kube-apiserver reads what our providers encrypt, and they read what it encrypts, both
 * with one EncryptionConfiguration. Its API server and an etcd suffice for that; a whole cluster is not needed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { expect } from 'chai';
import { aesCbc } from '../../storage/encryption/aes-cbc.ts';
import { aesGcm } from '../../storage/encryption/aes-gcm.ts';
import { secretbox } from '../../storage/encryption/secretbox.ts';
import { EtcdStore } from '../../storage/etcd/store.ts';
import { Keyspace } from '../../storage/keys.ts';
import { until } from '../apiserver/serving.ts';
import { keys, secretOf } from '../storage/encryption/configurations.ts';
import { temporaryFolder } from '../storage/folder.ts';
import { freePorts, type RealEtcd, startEtcd } from '../storage/real-etcd.ts';
import { folders } from './cluster/settings.ts';

const program = join(folders.bin, 'kube-apiserver');
const never = new AbortController().signal;

/** Each cipher for one kind. */
const ciphers = [
  ['aesgcm', 'configmaps', 'ConfigMap', aesGcm],
  ['aescbc', 'serviceaccounts', 'ServiceAccount', aesCbc],
  ['secretbox', 'secrets', 'Secret', secretbox],
] as const;

const configuration = JSON.stringify({
  apiVersion: 'apiserver.config.k8s.io/v1',
  kind: 'EncryptionConfiguration',
  resources: ciphers.map(([cipher, resource]) => ({
    resources: [resource],
    providers: [keys(cipher, 1), { identity: {} }],
  })),
});

describe("Kubernetes' API server and our encryption", function () {
  this.timeout(60_000);
  if (!existsSync(program)) return void it(`is left out: there is no ${program}`);

  let etcd: RealEtcd;
  let folder: { path: string; remove(): Promise<void> };
  let apiserver: ChildProcess;
  let kv: EtcdStore;
  let port: number | undefined;

  before('it is started', async () => {
    folder = await temporaryFolder();
    etcd = await startEtcd();
    kv = new EtcdStore({ endpoints: [etcd.endpoint], keyspace: new Keyspace() });
    [port] = await freePorts(1);
    const file = (name: string, text: string | Buffer): string => {
      writeFileSync(join(folder.path, name), text);
      return join(folder.path, name);
    };
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const key = file('accounts.key', privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const flags = {
      'etcd-servers': etcd.endpoint,
      'secure-port': port,
      'bind-address': '127.0.0.1',
      'cert-dir': folder.path,
      'service-cluster-ip-range': '10.0.0.0/24',
      'service-account-issuer': 'https://test',
      'service-account-key-file': key,
      'service-account-signing-key-file': key,
      'token-auth-file': file('tokens.csv', 'token,admin,1,system:masters\n'),
      'disable-admission-plugins': 'ServiceAccount',
      'encryption-provider-config': file('encryption.json', configuration),
    };
    const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
    apiserver = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let told = '';
    apiserver.stderr!.on('data', (text: Buffer) => {
      told = (told + text).slice(-2000);
    });
    await until(
      async () => {
        if (apiserver.exitCode !== null) expect.fail(told);
        return (await ask('GET', '/api/v1/namespaces/default').catch(() => undefined))?.code === 200;
      },
      'it is ready',
      50_000,
    );
  });
  after(async () => {
    if (apiserver && apiserver.exitCode === null) {
      const exit = once(apiserver, 'exit');
      apiserver.kill('SIGKILL');
      await exit;
    }
    await kv?.close();
    await etcd?.remove();
    await folder?.remove();
  });

  const ask = (method: string, path: string, body?: object) =>
    new Promise<{ code: number; body: string }>((resolve, reject) => {
      const headers = { 'content-type': 'application/json', authorization: 'Bearer token' };
      const sent = request({ host: '127.0.0.1', port, path, method, headers, rejectUnauthorized: false }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => resolve({ code: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
      });
      sent.on('error', reject);
      sent.end(body && JSON.stringify(body));
    });

  for (const [cipher, resource, kind, make] of ciphers) {
    const provider = make('key1', secretOf(1));
    const place = (name: string): string => `/registry/${resource}/default/${name}`;
    const collection = `/api/v1/namespaces/default/${resource}`;
    const objectOf = (name: string) => ({
      apiVersion: 'v1',
      kind,
      metadata: { name, namespace: 'default', annotations: { canary: 'sings' } },
    });

    it(`${cipher}: we read what it encrypts (K-562)`, async () => {
      expect((await ask('POST', collection, objectOf('theirs'))).code).to.equal(201);
      const { entries } = await kv.range({ start: place('theirs') }, never);
      const stored = entries[0]!.value;
      expect(stored.toString('latin1')).to.match(new RegExp(`^k8s:enc:${cipher}:v1:key1:`));
      const { value } = await provider.open(stored, place('theirs'));
      expect(value.toString('latin1')).to.match(/^k8s\0.*canary.*sings/s);
    });

    it(`${cipher}: it reads what we encrypt (K-562)`, async () => {
      const metadata = { ...objectOf('ours').metadata, uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z' };
      const plain = Buffer.from(JSON.stringify({ ...objectOf('ours'), metadata }));
      const value = await provider.seal(plain, place('ours'));
      await kv.txn({ when: [], perform: [{ put: place('ours'), value }] }, never);
      const { code, body } = await ask('GET', `${collection}/ours`);
      expect(code, body).to.equal(200);
      expect(JSON.parse(body).metadata.annotations).to.deep.equal({ canary: 'sings' });
    });
  }
});
