/** Backup and restore of a store: what is in it, what becomes of revisions, and what is refused. */
import { execFile } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { decoded, isHeader } from '../../../storage/backup/format.ts';
import { Restore, type Restored } from '../../../storage/backup/restore.ts';
import { backupOf } from '../../../storage/backup/take.ts';
import { Keyspace } from '../../../storage/keys.ts';
import type { KeyValueStore } from '../../../storage/kv.ts';
import { openKind, openStore, type StoreOptions } from '../../../storage/open.ts';
import { codeOf, eventsUntil } from '../../contract/kv.ts';
import { configurationOf, keys } from '../encryption/configurations.ts';
import { temporaryFolder } from '../folder.ts';
import { describeWithEtcd, freshKeyspace, type RealEtcd, startEtcd } from '../real-etcd.ts';
import { collected } from './collected.ts';

const never = new AbortController().signal;
const now = Date.UTC(2026, 0, 1);
const program = (...args: string[]) => promisify(execFile)(process.execPath, ['deploy/main.ts', ...args]);

const put = async (kv: KeyValueStore, key: string, value: string): Promise<number> =>
  (await kv.txn({ when: [], perform: [{ put: key, value: Buffer.from(value) }] }, never)).revision;

/** Runs `work` on the store as it is beneath encryption and epoch. */
async function raw<T>(options: StoreOptions, work: (kv: KeyValueStore, keyspace: Keyspace) => Promise<T>): Promise<T> {
  const keyspace = new Keyspace(options.prefix);
  const kv = await openKind(options, keyspace);
  try {
    return await work(kv, keyspace);
  } finally {
    await kv.close();
  }
}

const taken = async (kv: KeyValueStore, keyspace: Keyspace): Promise<Buffer> =>
  Buffer.concat(await collected(backupOf(kv, keyspace, now, never)));
const backup = (options: StoreOptions): Promise<Buffer> => raw(options, taken);
const restore = (options: StoreOptions, bytes: Buffer, replace = false): Promise<Restored> =>
  raw(options, (kv, keyspace) => new Restore(kv, keyspace, () => piecesOf(bytes)).run({ replace }, never));
async function* piecesOf(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 10_000) yield bytes.subarray(at, at + 10_000);
}

/** Opens it as a server does. */
async function opened<T>(options: StoreOptions, work: (store: Awaited<ReturnType<typeof openStore>>) => Promise<T>) {
  const store = await openStore(options, never);
  try {
    return await work(store);
  } finally {
    await store.kv.close();
  }
}

const objectsIn = (options: StoreOptions): Promise<string[]> =>
  opened(options, async ({ kv, keyspace: { prefix } }) =>
    (await kv.range({ start: prefix, end: `${prefix}~` }, never)).entries.map(
      ({ key, value }) => `${key.slice(prefix.length)}=${value}`,
    ),
  );

const messageOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no error',
    (error: Error & { stderr?: string }) => error.stderr ?? error.message,
  );

/** What is true of every kind of store. @param options another place each time */
const itIsBackedUp = (options: (name: string) => StoreOptions): void => {
  const filled = async (name: string, count = 250): Promise<StoreOptions> => {
    await opened(options(name), async ({ kv, keyspace: { prefix } }) => {
      for (let i = 0; i < count; i += 50)
        await kv.txn(
          {
            when: [],
            perform: Array.from({ length: 50 }, (_, j) => ({
              put: `${prefix}group/things/demo/${1000 + i + j}`,
              value: Buffer.alloc(i === 0 && j === 0 ? 600_000 : 2000, `${i + j}`),
            })),
          },
          never,
        );
      await put(kv, `${prefix}~/guards/a`, 'guard');
    });
    return options(name);
  };

  it('a backup, restored, holds every object as it was', async () => {
    const from = await filled('from');
    const { objects } = await restore(options('to'), await backup(from));
    expect(objects).to.equal(250);
    expect(await objectsIn(options('to'))).to.deep.equal(await objectsIn(from));
    const guard = await raw(options('to'), (kv, keyspace) => kv.range({ start: keyspace.ownKey('guards/a') }, never));
    expect(guard.entries[0]?.value.toString()).to.equal('guard');
  });

  it('a backup shows one moment, whatever is written meanwhile', async () => {
    const from = await filled('from');
    await raw(from, async (kv, keyspace) => {
      const at = (name: string) => `${keyspace.prefix}group/things/${name}`;
      const both = (i: number) =>
        kv.txn(
          {
            when: [],
            perform: [at('a'), at('z')].map((key) => ({ put: key, value: Buffer.from(String(i)) })),
          },
          never,
        );
      await both(0);
      let written = 1;
      const chunks: Buffer[] = [];
      for await (const chunk of backupOf(kv, keyspace, now, never)) {
        chunks.push(chunk);
        await both(written++);
      }
      const values = new Map<string, string>();
      for await (const part of decoded(piecesOf(Buffer.concat(chunks))))
        if (!isHeader(part)) values.set(part.key, part.value.toString());
      expect([values.get('group/things/a'), values.get('group/things/z')]).to.deep.equal(['0', '0']);
      expect(written).to.be.greaterThan(3);
    });
  });

  it('a restored store goes on at revisions beyond all that were seen, in the backup and in the store', async () => {
    const from = await filled('from');
    const bytes = await backup(from);
    const target = await filled('to');
    const key = `${new Keyspace(target.prefix).prefix}group/things/demo/later`;
    let seen = 0;
    await opened(target, async ({ kv }) => {
      for (let i = 0; i < 20; i++) seen = await put(kv, key, String(i));
    });
    const { revision } = await restore(target, bytes, true);
    expect(revision).to.be.greaterThan(seen + 1_000_000);
    await opened(target, async ({ kv, keyspace }) => {
      expect(await kv.currentRevision(never)).to.be.at.least(revision);
      // Whoever comes back with what he knew must list again.
      expect(await codeOf(eventsUntil(kv, keyspace.prefix, seen, seen))).to.equal('Compacted');
      expect(await codeOf(kv.range({ start: key, revision: seen }, never))).to.equal('Compacted');
    });
    // And so again, with the same backup.
    expect((await restore(target, bytes, true)).revision).to.be.greaterThan(revision + 1_000_000);
  });

  it('a restored store is another store: it has an identity of its own', async () => {
    const from = await filled('from');
    const was = await opened(from, async ({ identity }) => identity);
    const { identity } = await restore(from, await backup(from), true);
    expect(identity).not.to.equal(was);
    expect(await opened(from, async (store) => store.identity)).to.equal(identity);
  });

  it('a store that holds objects is not restored over, unless told', async () => {
    const from = await filled('from');
    const bytes = await backup(from);
    const target = await filled('to', 50);
    const before = await objectsIn(target);
    expect(await codeOf(restore(target, bytes))).to.equal('KeyExists');
    expect(await objectsIn(target)).to.deep.equal(before);
    await restore(target, bytes, true);
    expect(await objectsIn(target)).to.deep.equal(await objectsIn(from));
  });

  it('a store that was opened and never used is empty', async () => {
    const bytes = await backup(await filled('from'));
    await opened(options('to'), async () => {});
    expect((await restore(options('to'), bytes)).objects).to.equal(250);
  });

  it('a backup that was changed changes nothing', async () => {
    const from = await filled('from');
    const bytes = await backup(from);
    bytes[bytes.length >> 1]! ^= 1;
    const before = await objectsIn(from);
    expect(await codeOf(restore(from, bytes, true))).to.equal('Unreadable');
    expect(await objectsIn(from)).to.deep.equal(before);
  });

  it('a restore that was cut short leaves a store that nobody can open, until it is run again', async () => {
    const from = await filled('from');
    const bytes = await backup(from);
    const target = options('to');
    const cut = new AbortController();
    let reads = 0;
    const interrupted = raw(target, (kv, keyspace) => {
      async function* pieces() {
        reads += 1;
        for await (const piece of piecesOf(bytes)) {
          // While it is read for the second time.
          if (reads === 2 && (await kv.range({ start: keyspace.prefix, end: keyspace.ownKey('') }, never)).count)
            cut.abort(new Error('cut short'));
          yield piece;
        }
      }
      return new Restore(kv, keyspace, pieces).run({ replace: false }, cut.signal);
    });
    expect(await messageOf(interrupted)).to.equal('cut short');
    expect(await codeOf(openStore(target, never))).to.equal('Unavailable');
    await restore(target, bytes);
    expect(await objectsIn(target)).to.deep.equal(await objectsIn(from));
  });

  it('a store that does not exist has no backup', async () =>
    expect(await codeOf(backup(options('nothing')))).to.equal('KeyNotFound'));
};

describe('backup and restore', () => {
  let folder: { path: string; remove(): Promise<void> };
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => folder.remove());

  const embedded = (name: string, prefix = '/registry') =>
    ({ kind: 'embedded', directory: join(folder.path, name), prefix }) as const;

  describe('of an embedded store', () => {
    itIsBackedUp((name) => embedded(name));

    it('while another process has it open and writes', async function () {
      this.timeout(30_000);
      const file = join(folder.path, 'backup');
      await opened(embedded('store'), async ({ kv, keyspace: { prefix } }) => {
        const pair = (i: number) =>
          kv.txn(
            {
              when: [],
              perform: ['a', 'b'].map((name) => ({ put: `${prefix}group/things/${name}`, value: Buffer.from(`${i}`) })),
            },
            never,
          );
        await pair(0);
        let running = true;
        const writing = (async () => {
          for (let i = 1; running; i++) {
            await pair(i);
            // What the reader reads is forgotten around it.
            if (i % 50 === 0) await kv.compact((await kv.currentRevision(never)) - 20, never);
          }
        })();
        const command = ['backup', '--storage=embedded', `--data-dir=${join(folder.path, 'store')}`];
        for (let i = 0; i < 3; i++) await program(...command, `--output=${file}`);
        running = false;
        await writing;
      });
      expect(statSync(file).mode & 0o777).to.equal(0o600);
      const { stdout } = await program(
        'restore',
        `--input=${file}`,
        '--storage=embedded',
        `--data-dir=${join(folder.path, 'restored')}`,
      );
      expect(stdout).to.match(
        /^2 objects are as they were on \d{4}-.*, at revision \d+\. Revisions go on at 1\d{9}\.\n/,
      );
      const [a, b] = await objectsIn(embedded('restored'));
      expect(a?.split('=')[1]).to.equal(b?.split('=')[1]);
    });

    it('is refused in words when there is none, and restored over only when told', async function () {
      this.timeout(30_000);
      const where = ['--storage=embedded', `--data-dir=${join(folder.path, 'store')}`];
      const file = join(folder.path, 'backup');
      expect(await messageOf(program('backup', ...where, `--output=${file}`))).to.match(
        /^there is no embedded store in .*store\.\n$/,
      );
      await opened(embedded('store'), ({ kv }) => put(kv, '/registry/group/things/a', 'x'));
      await program('backup', ...where, `--output=${file}`);
      expect(await messageOf(program('restore', ...where, `--input=${file}`))).to.equal(
        'the store is not empty, it holds /registry/group/things/a among others. --replace gives it up for the backup.\n',
      );
      await program('restore', ...where, `--input=${file}`, '--replace');
    });

    it('is refused while a server has it open', async function () {
      this.timeout(30_000);
      const where = ['--storage=embedded', `--data-dir=${join(folder.path, 'store')}`];
      const file = join(folder.path, 'backup');
      writeFileSync(file, await opened(embedded('store'), ({ kv, keyspace }) => taken(kv, keyspace)));
      await opened(embedded('store'), async () => {
        const refusal = await messageOf(program('restore', ...where, `--input=${file}`, '--replace'));
        expect(refusal).to.match(/is in use by process \d+ .*; only one process at a time may open it\.\n$/);
      });
    });
  });

  describe('of values that are encrypted', () => {
    const encrypted = () => {
      const file = join(folder.path, 'encryption.json');
      writeFileSync(file, configurationOf(['*.*'], keys('aesgcm', 1)));
      return { encryption: { file } };
    };

    it('keeps them so, and they are read with the same keys', async () => {
      const from = { ...embedded('from'), ...encrypted() };
      await opened(from, ({ kv }) => put(kv, '/registry/group/things/a', 'canary'));
      const bytes = await backup(from);
      expect(bytes.includes(Buffer.from('canary').toString('base64').slice(0, 6))).to.equal(false);
      await restore(embedded('to'), bytes);
      expect(await objectsIn({ ...embedded('to'), ...encrypted() })).to.deep.equal(['group/things/a=canary']);
    });

    it('cannot go to other keys, to which they are not tied', async () => {
      const from = { ...embedded('from'), ...encrypted() };
      await opened(from, ({ kv }) => put(kv, '/registry/group/things/a', 'canary'));
      expect(await codeOf(restore(embedded('to', '/other'), await backup(from)))).to.equal('Unreadable');
    });
  });

  describeWithEtcd('of an etcd', () => {
    let etcd: RealEtcd;
    let prefix: string;
    before(async () => {
      etcd = await startEtcd();
    });
    after(() => etcd?.remove());
    beforeEach(() => {
      prefix = freshKeyspace().prefix;
    });
    const place = (name: string) => ({ kind: 'etcd', endpoints: [etcd.endpoint], prefix: `${prefix}${name}` }) as const;

    itIsBackedUp(place);

    it('can be restored into an embedded store, and the other way round', async () => {
      await opened(place('from'), ({ kv, keyspace }) => put(kv, `${keyspace.prefix}group/things/a`, 'x'));
      await restore(embedded('between'), await backup(place('from')));
      await restore(place('to'), await backup(embedded('between')));
      expect(await objectsIn(place('to'))).to.deep.equal(['group/things/a=x']);
    });

    it('that compaction overtakes is given up, and can be taken anew', async () => {
      await opened(place('from'), async ({ kv, keyspace }) => {
        for (let i = 0; i < 120; i++) await put(kv, `${keyspace.prefix}group/things/${1000 + i}`, 'x');
      });
      await raw(place('from'), async (kv, keyspace) => {
        const chunks = backupOf(kv, keyspace, now, never);
        await chunks.next();
        await kv.compact(await put(kv, `${keyspace.prefix}group/things/b`, 'x'), never);
        expect(await codeOf(collected(chunks))).to.equal('Compacted');
        expect((await taken(kv, keyspace)).length).to.be.greaterThan(0);
      });
    });

    it('is what `kubedirector backup` writes, also to its standard output', async function () {
      this.timeout(30_000);
      await opened(place('from'), ({ kv, keyspace }) => put(kv, `${keyspace.prefix}group/things/a`, 'x'));
      const where = [`--etcd-servers=${etcd.endpoint}`, `--etcd-prefix=${place('from').prefix}`];
      const { stdout } = await program('backup', ...where, '--output=-');
      const file = join(folder.path, 'backup');
      await program('backup', ...where, `--output=${file}`);
      const entries = (text: string) => text.split('\n').slice(1, -2);
      expect(entries(stdout)).to.deep.equal(entries(readFileSync(file, 'utf8')));
      expect(entries(stdout)).to.have.length.greaterThan(1);
    });
  });
});
