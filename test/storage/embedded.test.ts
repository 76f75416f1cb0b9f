/** What the embedded store promises beyond the contract: it survives crashes, full disks and damage, and says so in words. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { openEmbeddedStore } from '../../storage/embedded/store.ts';
import { StorageError } from '../../storage/errors.ts';
import type { KeyValueStore } from '../../storage/kv.ts';
import { eventsUntil, revisionOf } from '../contract/kv.ts';
import { temporaryFolder } from './folder.ts';
import { startProgram } from './programs.ts';

const never = new AbortController().signal;

async function errorOf(work: Promise<unknown>): Promise<StorageError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof StorageError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('the embedded store', () => {
  let directory: string;
  let remove: () => Promise<void>;
  let stores: KeyValueStore[];

  const open = async (): Promise<KeyValueStore> => {
    const kv = await openEmbeddedStore({ directory });
    stores.push(kv);
    return kv;
  };
  const put = async (kv: KeyValueStore, key: string, value: string | Buffer): Promise<number> =>
    (await kv.txn({ when: [], perform: [{ put: key, value: Buffer.from(value as string) }] }, never)).revision;

  beforeEach(async () => {
    ({ path: directory, remove } = await temporaryFolder());
    stores = [];
  });
  afterEach(async () => {
    await Promise.all(stores.map((kv) => kv.close()));
    await remove();
  });

  it('opened again holds what it held, its history and its revision included', async () => {
    const first = await open();
    const one = await put(first, '/a', 'one');
    const two = await put(first, '/a', 'two');
    await first.txn({ when: [], perform: [{ delete: '/a' }] }, never);
    await first.compact(two, never);
    await first.close();
    const second = await open();
    expect(await second.currentRevision(never)).to.equal(two + 1);
    const { entries } = await second.range({ start: '/a', revision: two }, never);
    expect(entries.map(({ value, createRevision }) => [value.toString(), createRevision])).to.deep.equal([
      ['two', one],
    ]);
    expect((await errorOf(second.range({ start: '/a', revision: one }, never))).code).to.equal('Compacted');
    expect((await eventsUntil(second, '/', two + 1, two + 1)).map(({ type }) => type)).to.deep.equal(['delete']);
    expect(await put(second, '/a', 'three')).to.equal(two + 2);
  });

  it('loses nothing that was acknowledged, and leaves nothing half done, when it is killed', async function () {
    this.timeout(60_000);
    const acknowledged = new Map<string, { revision: number; deleted: boolean }>();
    for (let round = 0; round < 5; round++) {
      const program = startProgram('crash-writer.ts', [directory, String(round)]);
      const killAfter = 40 + Math.floor(Math.random() * 400);
      let lines = 0;
      for await (const line of program.lines) {
        const [what, revision, name] = line.split(' ');
        if (what !== 'compact') acknowledged.set(name!, { revision: Number(revision), deleted: what === 'delete' });
        if (++lines === killAfter) program.process.kill('SIGKILL');
      }
      expect(await program.ended()).to.equal('SIGKILL');

      const kv = await openEmbeddedStore({ directory });
      const revision = await kv.currentRevision(never);
      const at = async (prefix: string) =>
        new Map(
          (await kv.range({ start: prefix, end: `${prefix}~` }, never)).entries.map((entry) => [
            entry.key.slice(3),
            entry,
          ]),
        );
      const [a, b] = [await at('/a/'), await at('/b/')];
      expect([...a.keys()], 'both keys of each pair').to.deep.equal([...b.keys()]);
      for (const [name, entry] of a) {
        expect(entry.value.equals(b.get(name)!.value) && entry.value.toString().startsWith(name)).to.equal(true);
        expect(entry.revision).to.equal(b.get(name)!.revision);
      }
      for (const [name, known] of acknowledged) {
        expect(known.revision).to.be.at.most(revision);
        const entry = a.get(name);
        if (known.deleted) expect(entry, `${name}, deleted at ${known.revision}`).to.equal(undefined);
        // The deletion that followed may have happened without having been acknowledged.
        else if (entry) expect(entry.revision, name).to.equal(known.revision);
        else expect(Number(name.split('.')[2]) % 4, `${name}, put at ${known.revision}`).to.equal(3);
      }
      const { limit: oldest = 1 } = await errorOf(eventsUntil(kv, '/', 1, revision)).catch(() => ({ limit: 1 }));
      const events = await eventsUntil(kv, '/', oldest + 1, revision);
      expect([...new Set(events.map(revisionOf))], 'every revision since the compaction').to.deep.equal(
        Array.from({ length: revision - oldest }, (_, i) => oldest + 1 + i),
      );
      await kv.close();
    }
  });

  it('goes on with a compaction that was cut short', async function () {
    this.timeout(20_000);
    let kv = await open();
    for (let i = 0; i < 3000; i += 100)
      await Promise.all(Array.from({ length: 100 }, (_, j) => put(kv, `/k${j}`, Buffer.alloc(500, i))));
    const revision = await kv.currentRevision(never);
    const stop = new AbortController();
    const compacting = kv.compact(revision, stop.signal);
    stop.abort();
    await compacting.catch(() => {});
    await kv.close();
    kv = await open();
    await kv.compact(revision, never);
    const { entries } = await kv.range({ start: '/', end: '0', revision }, never);
    expect(entries).to.have.length(100);
  });

  it('does not grow for ever when it is compacted', async function () {
    this.timeout(20_000);
    const kv = await open();
    const sizes: number[] = [];
    for (let round = 0; round < 8; round++) {
      for (let i = 0; i < 4; i++)
        await Promise.all(Array.from({ length: 60 }, (_, j) => put(kv, `/k${j}`, Buffer.alloc(5000, i))));
      await kv.compact(await kv.currentRevision(never), never);
      sizes.push((await kv.status(never)).sizeBytes);
    }
    expect(sizes.at(-1)).to.be.lessThan(sizes[2]! * 1.5);
  });

  it('is refused to a second opener, who is told why, and free again when the first has ended', async () => {
    const kv = await open();
    const error = await errorOf(openEmbeddedStore({ directory }));
    expect(error.code).to.equal('Unavailable');
    expect(error.message).to.match(
      /^the folder .* is in use by process \d+ on .*; only one process at a time may open it$/,
    );
    await put(kv, '/a', 'still works');
    await kv.close();
    await open();
  });

  it('is refused while another process has it, and free as soon as that was killed', async () => {
    const program = startProgram('crash-writer.ts', [directory, '0']);
    for await (const _ of program.lines) break;
    expect((await errorOf(openEmbeddedStore({ directory }))).message).to.include(`process ${program.process.pid} on`);
    program.process.kill('SIGKILL');
    await program.ended();
    await open();
  });

  it('says so when its folder cannot be written to', async () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    const error = await errorOf(openEmbeddedStore({ directory: join(file, 'store') }));
    expect(error.code).to.equal('Unavailable');
    expect(error.message).to.match(/^the folder .* cannot be written to: /);
  });

  describe('whose file is damaged', () => {
    const data = (): string => join(directory, 'data.mdb');
    const fill = async (): Promise<void> => {
      const kv = await open();
      for (let i = 0; i < 200; i++) await put(kv, `/k${i}`, `${'value '.repeat(500)}${i}`);
      await kv.close();
    };
    const overwrite = (change: (bytes: Buffer) => void): void => {
      const bytes = readFileSync(data());
      change(bytes);
      writeFileSync(data(), bytes);
    };

    for (const [what, change] of [
      ['at its beginning', (bytes: Buffer) => bytes.fill(0x55, 0, 100)],
      ['in its second page', (bytes: Buffer) => bytes.fill(0, 8192, 8192 + 100)],
      ['altogether', (bytes: Buffer) => bytes.fill('no store at all ')],
    ] as const)
      it(`${what} says so when it is opened`, async () => {
        await fill();
        overwrite(change);
        const error = await errorOf(openEmbeddedStore({ directory }));
        expect(error.code).to.equal('Unreadable');
        expect(error.message).to.match(/is damaged, or was not written by this version/);
      });

    it('by being cut short says so when it is opened', async () => {
      await fill();
      truncateSync(data(), Math.floor(statSync(data()).size / 2));
      expect((await errorOf(openEmbeddedStore({ directory }))).code).to.equal('Unreadable');
      expect((await errorOf(openEmbeddedStore({ directory }))).code, 'asked again').to.equal('Unreadable');
    });

    it('in a value refuses that value, naming its key, and serves the others', async () => {
      await fill();
      overwrite((bytes) => {
        const at = bytes.lastIndexOf(`${'value '.repeat(500)}77`);
        bytes[at + 100]! ^= 1;
      });
      const kv = await open();
      const error = await errorOf(kv.range({ start: '/k77' }, never));
      expect(error).to.include({ code: 'Unreadable', key: '/k77' });
      expect((await errorOf(kv.range({ start: '/', end: '0' }, never))).key).to.equal('/k77');
      expect((await kv.range({ start: '/k78' }, never)).entries).to.have.length(1);
      const { entries } = await kv.range({ start: '/', end: '0', tolerant: true }, never);
      expect(entries).to.have.length(200);
      expect(entries.filter(({ unreadable }) => unreadable).map(({ key }) => key)).to.deep.equal(['/k77']);
      await put(kv, '/k77', 'whole again');
      expect((await kv.range({ start: '/', end: '0' }, never)).count).to.equal(200);
    });

    it('in a value can lose that value, and is compacted all the same', async () => {
      await fill();
      overwrite((bytes) => {
        const at = bytes.lastIndexOf(`${'value '.repeat(500)}77`);
        bytes[at + 100]! ^= 1;
      });
      const kv = await open();
      const { revision } = await kv.txn({ when: [], perform: [{ delete: '/k77' }] }, never);
      await kv.compact(revision, never);
      expect((await kv.range({ start: '/', end: '0' }, never)).count).to.equal(199);
      expect((await kv.range({ start: '/', end: '0', revision }, never)).count).to.equal(199);
      await put(kv, '/k77', 'anew');
      expect((await kv.range({ start: '/k77' }, never)).entries[0]?.value.toString()).to.equal('anew');
    });

    it('of another format says so', async () => {
      await fill();
      overwrite((bytes) => {
        for (let at = bytes.indexOf('embedded 1'); at >= 0; at = bytes.indexOf('embedded 1', at))
          bytes.write('embedded 9', at);
      });
      const error = await errorOf(openEmbeddedStore({ directory }));
      expect(error.code).to.equal('Unreadable');
      expect(error.message).to.include('kubedirector embedded 9');
    });
  });

  /** What a program on a disk of eight megabytes prints last. */
  async function onSmallDisk(this: Mocha.Context, script: string) {
    this.timeout(60_000);
    const wrapper = [
      'unshare',
      '--map-root-user',
      '--mount',
      'sh',
      '-c',
      'mount -t tmpfs -o size=8m tmpfs "$0" && exec "$@"',
      directory,
    ];
    if (spawnSync(wrapper[0]!, [...wrapper.slice(1), 'true']).status !== 0) {
      console.log('        left out: needs a small disk, and unshare(1) may not make one here');
      this.skip();
    }
    const program = startProgram(script, [directory], wrapper);
    let told = '';
    for await (const line of program.lines) told = line;
    expect(await program.ended()).to.equal(0);
    return JSON.parse(told);
  }

  it('on a full disk refuses writes whole, and goes on when there is room again', async function () {
    const told = await onSmallDisk.call(this, 'full-disk-writer.ts');
    const { codes, alarm, alarmAfter, kept, whenFull, newest, revision, lost, again } = told;
    expect(new Set(codes)).to.deep.equal(new Set(['NoSpace']));
    expect(alarm).to.equal('NOSPACE');
    expect(alarmAfter).to.equal('none');
    expect(whenFull).to.deep.equal(kept);
    expect(revision).to.equal(newest + 1);
    expect(lost).to.deep.equal([]);
    expect(again).to.equal(true);
  });

  it('that has outgrown its disk still deletes, and makes room for itself by that', async function () {
    const { rounds, found, present } = await onSmallDisk.call(this, 'outgrown-disk.ts');
    expect(rounds).to.have.lengthOf(5);
    for (const { code, written, left } of rounds) {
      expect(code).to.equal('NoSpace');
      expect(written).to.be.above(100);
      expect(left).to.be.above(100);
    }
    expect(found).to.deep.equal(present);
  });

  it('refuses a key that is too long, in words', async () => {
    const kv = await open();
    const error = await errorOf(put(kv, `/${'k'.repeat(5000)}`, 'x'));
    expect(error.code).to.equal('TooLarge');
  });

  it('keeps its files to its owner', async () => {
    await (await open()).close();
    expect(statSync(join(directory, 'data.mdb')).mode & 0o077).to.equal(0);
    expect(existsSync(join(directory, 'holder'))).to.equal(false);
  });
});
