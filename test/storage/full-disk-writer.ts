/**
 * Fills a small disk through an embedded store, then gives it room, and prints what happened as one line of JSON.
 * Arguments: the folder of the disk.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEmbeddedStore } from '../../storage/embedded/store.ts';
import type { KeyValueStore } from '../../storage/kv.ts';

const [disk = ''] = process.argv.slice(2);
const never = new AbortController().signal;
const ballast = join(disk, 'ballast');
writeFileSync(ballast, Buffer.alloc(2_000_000));
const directory = join(disk, 'store');

const put = (kv: KeyValueStore, key: string) =>
  kv.txn(
    {
      when: [],
      perform: [
        { put: key, value: Buffer.alloc(60_000, key) },
        { put: `${key}/twin`, value: Buffer.from(key) },
      ],
    },
    never,
  );
const keysOf = async (kv: KeyValueStore) =>
  (await kv.range({ start: '/', end: '0' }, never)).entries.map(({ key }) => key);

let kv = await openEmbeddedStore({ directory });
const kept: string[] = [];
const codes: unknown[] = [];
for (let i = 0; i < 1000 && codes.length < 3; i += 4)
  await Promise.all(
    [i, i + 1, i + 2, i + 3].map((n) =>
      put(kv, `/k${1000 + n}`).then(
        () => kept.push(`/k${1000 + n}`, `/k${1000 + n}/twin`),
        (error: { code?: string }) => codes.push(error.code),
      ),
    ),
  );
const { alarm } = await kv.status(never);
const whenFull = await keysOf(kv);
const newest = await kv.currentRevision(never);
rmSync(ballast);
const { revision } = await put(kv, '/again');
const { alarm: alarmAfter = 'none' } = await kv.status(never);
await kv.close();
kv = await openEmbeddedStore({ directory });
const afterwards = await keysOf(kv);
await kv.close();
console.log(
  JSON.stringify({
    codes,
    alarm,
    alarmAfter,
    kept: kept.sort(),
    whenFull,
    newest,
    revision,
    lost: kept.filter((key) => !afterwards.includes(key)),
    again: afterwards.includes('/again'),
  }),
);
