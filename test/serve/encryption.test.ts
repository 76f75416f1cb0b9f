/** `serve` with an EncryptionConfiguration: what clients see, and what is on the disk. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { UsageError } from '../../deploy/commands/flags.ts';
import { sandboxOptions } from '../../deploy/commands/sandbox/options.ts';
import { serveOptions } from '../../deploy/commands/serve/options.ts';
import { type TestClient, until } from '../apiserver/serving.ts';
import { appDocument } from '../make/documents.ts';
import { configurationOf, keys } from '../storage/encryption/configurations.ts';
import { Behind, systemNamespace } from './behind-host.ts';

const apps = `/apis/kubedirector.bluedata.io/v1beta1/namespaces/${systemNamespace}/kubedirectorapps`;
const headers = { 'X-Remote-User': 'root', 'X-Remote-Group': 'system:masters' };
const canary = 'canary-7f3e9d';

describe('--encryption-provider-config', () => {
  const reload = '--encryption-provider-config-automatic-reload';
  const config = '--encryption-provider-config=/etc/encryption.yaml';
  const encryptionOf = (...args: string[]) => serveOptions(args).encryption;
  const cases: [args: string[], encryption: object | undefined][] = [
    [[], undefined],
    [[config], { file: '/etc/encryption.yaml', reload: false }],
    [[config, reload], { file: '/etc/encryption.yaml', reload: true }],
    [[config, `${reload}=true`], { file: '/etc/encryption.yaml', reload: true }],
    [[config, `${reload}=false`], { file: '/etc/encryption.yaml', reload: false }],
  ];
  for (const [args, encryption] of cases)
    it(`is understood: ${args.join(' ') || 'not at all'}`, () => {
      expect(encryptionOf(...args)).to.deep.equal(encryption);
      expect(sandboxOptions(args).encryption).to.deep.equal(encryption);
    });

  for (const args of [[reload], [config, `${reload}=often`]])
    it(`is refused: ${args.join(' ')}`, () => expect(() => encryptionOf(...args)).to.throw(UsageError, reload));
});

describe('serve, when it encrypts', function () {
  this.timeout(60_000);
  let behind: Behind;
  let proxy: TestClient;
  let stop: () => Promise<void>;
  before(async () => {
    behind = await Behind.start();
  });
  after(() => behind?.stop());

  const start = async (...numbers: number[]): Promise<void> => {
    const file = join(behind.folder, 'encryption.json');
    const providers = [...(numbers.length ? [keys('aesgcm', ...numbers)] : []), { identity: {} }];
    writeFileSync(file, configurationOf(['*.kubedirector.bluedata.io'], ...providers));
    const served = await behind.serve('store', `--encryption-provider-config=${file}`);
    ({ stop } = served);
    proxy = await behind.proxy(served.url);
  };
  const ready = () => until(async () => (await proxy.ask('/readyz')).code === 200, 'it is ready', 20_000);

  it('nothing that a user sent is found in its files', async () => {
    await start(1);
    await ready();
    const metadata = { name: 'one', annotations: { canary } };
    const { code } = await proxy.ask(apps, { headers, body: { ...appDocument(), metadata } });
    expect(code).to.equal(201);
    await stop();
    const files = readdirSync(join(behind.folder, 'store')).map((name) =>
      readFileSync(join(behind.folder, 'store', name), 'latin1'),
    );
    expect(files.some((text) => text.includes('kubedirectorapps'))).to.equal(true);
    expect(files.some((text) => text.includes(canary))).to.equal(false);
  });

  it('it is read after a restart, also with a new key before the old one', async () => {
    await start(2, 1);
    await ready();
    const { body } = await proxy.ask(`${apps}/one`, { headers });
    expect(body.metadata.annotations).to.deep.equal({ canary });
    await stop();
  });

  it('and without the key it is not served: who lists is told which one is missing (K-543)', async () => {
    await start();
    const { code, body } = await until(async () => {
      const answer = await proxy.ask(apps, { headers });
      return answer.body.reason === 'StorageReadError' ? answer : undefined;
    }, 'it has met what it cannot read');
    expect(code).to.equal(500);
    expect(body.details.causes[0].message).to.match(
      /kubedirectorapps\/kd\/one holds is encrypted by "k8s:enc:aesgcm:v1:key1:"/,
    );
    expect((await proxy.ask(`${apps}/one`, { headers })).code).to.equal(500);
    await stop();
  });
});
