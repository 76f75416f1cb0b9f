/**
 * A restored backup, as clients and the host see it: nobody is told "not found" of what was made after the backup, before an
 * administrator has said that it may be lost; and no revision goes back.
 */
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { StoreRecord } from '../../apiserver/host/store-record.ts';
import { silentLog } from '../../openapi/machinery/log.ts';
import { type TestClient, until } from '../apiserver/serving.ts';
import { appDocument } from '../make/documents.ts';
import { describeWithEtcd, type RealEtcd, startEtcd } from '../storage/real-etcd.ts';
import { Behind, systemNamespace } from './behind-host.ts';

const apps = `/apis/kubedirector.bluedata.io/v1beta1/namespaces/${systemNamespace}/kubedirectorapps`;
const headers = { 'X-Remote-User': 'root', 'X-Remote-Group': 'system:masters' };
const program = (...args: string[]) => promisify(execFile)(process.execPath, ['deploy/main.ts', ...args]);

interface Place {
  readonly behind: Behind;
  /** Of `serve`, `backup` and `restore`. */
  readonly flags: readonly string[];
  /** The store is lost. */
  wipe(): Promise<void>;
}

const itIsRestored = (place: () => Promise<Place>): void => {
  let behind: Behind;
  let where: Place;
  let proxy: TestClient;
  let stop: () => Promise<void> = async () => {};
  let file: string;
  /** The revision of the last answer before the store was lost. */
  let known = 0;

  before(async () => {
    where = await place();
    behind = where.behind;
    file = join(behind.folder, 'backup');
  });
  after(() => behind?.stop());

  const start = async (): Promise<void> => {
    const served = await behind.serve('store', ...where.flags);
    ({ stop } = served);
    proxy = await behind.proxy(served.url);
  };
  const ready = () => until(async () => (await proxy.ask('/readyz')).code === 200, 'it is ready', 20_000);
  const make = (name: string) => proxy.ask(apps, { headers, body: { ...appDocument(), metadata: { name } } });
  const record = () => new StoreRecord({ client: behind.host, namespace: systemNamespace, log: silentLog });

  it('a backup is taken while it is served', async () => {
    await start();
    await ready();
    expect((await make('before')).code).to.equal(201);
    await program('backup', ...where.flags, `--output=${file}`);
    expect((await make('after')).code).to.equal(201);
    known = Number((await proxy.ask(apps, { headers })).body.metadata.resourceVersion);
    await stop();
  });

  it('restored after the store was lost, it is not served', async () => {
    await where.wipe();
    await program('restore', ...where.flags, `--input=${file}`);
    await start();
    const { body } = await until(async () => {
      const answer = await proxy.ask(`${apps}/after`, { headers });
      expect(answer.code).to.equal(503);
      return answer.body.message.includes('confirm-store') ? answer : undefined;
    }, 'it says what to do');
    expect(body.message).to.match(/^the store is not the one that was served before/);
  });

  it('until an administrator confirms it', async () => {
    expect(await record().confirm(AbortSignal.timeout(10_000))).to.have.keys('identity', 'revision');
    await ready();
    expect((await proxy.ask(`${apps}/before`, { headers })).code).to.equal(200);
    expect((await proxy.ask(`${apps}/after`, { headers })).code).to.equal(404);
  });

  it('then revisions go on far beyond those that clients know, who list again (K-217)', async () => {
    const { body } = await proxy.ask(apps, { headers });
    expect(Number(body.metadata.resourceVersion)).to.be.greaterThan(known + 1_000_000);
    const watch = await proxy.ask(`${apps}?watch=true&timeoutSeconds=5&resourceVersion=${known}`, { headers });
    const expired = watch.code === 410 ? watch.body : JSON.parse(watch.text.split('\n')[0]!).object;
    expect(expired).to.include({ code: 410, reason: 'Expired' });
    expect((await make('after')).body.metadata.resourceVersion).to.satisfy((at: string) => Number(at) > known);
    await stop();
  });
};

describe('serve, when its store is restored from a backup', function () {
  this.timeout(60_000);

  describe('an embedded one', () => {
    itIsRestored(async () => {
      const behind = await Behind.start();
      const directory = join(behind.folder, 'restored');
      return {
        behind,
        flags: ['--storage=embedded', `--data-dir=${directory}`],
        wipe: async () => rmSync(directory, { recursive: true }),
      };
    });
  });

  describeWithEtcd('in etcd', () => {
    let etcd: RealEtcd;
    const flags = () => ['--storage=etcd', `--etcd-servers=${etcd.endpoint}`, '--etcd-prefix=/kd'];
    before(async () => {
      etcd = await startEtcd();
    });
    after(() => etcd?.remove());

    itIsRestored(async () => ({
      behind: await Behind.start(),
      flags: flags(),
      wipe: async () => {
        await etcd.stop('SIGKILL');
        rmSync(etcd.dataFolder, { recursive: true });
        await etcd.start();
      },
    }));

    it('under a server that was not stopped, is never seen as deletions: it wants to be started anew', async () => {
      const behind = await Behind.start();
      try {
        const file = join(behind.folder, 'backup');
        const running = await behind.serve('store', ...flags());
        const proxy = await behind.proxy(running.url);
        await until(async () => (await proxy.ask('/readyz')).code === 200, 'it is ready', 20_000);
        await program('backup', ...flags(), `--output=${file}`);
        await proxy.ask(apps, { headers, body: { ...appDocument(), metadata: { name: 'later' } } });
        const from = Number((await proxy.ask(apps, { headers })).body.metadata.resourceVersion);
        const watching = proxy.ask(`${apps}?watch=true&timeoutSeconds=4&resourceVersion=${from}`, { headers });
        const answers = new Set<number>();
        let asking = true;
        const polling = (async () => {
          while (asking) answers.add((await proxy.ask(`${apps}/later`, { headers })).code);
        })();
        await program('restore', ...flags(), `--input=${file}`, '--replace');
        await until(() => behind.restarts.length > 0, 'it wants to be started anew', 20_000);
        await until(() => answers.has(503), 'nothing is answered');
        asking = false;
        await polling;
        expect([...answers]).not.to.include(404);
        expect((await watching).text).not.to.include('DELETED');
      } finally {
        await behind.stop();
      }
    });
  });
});
