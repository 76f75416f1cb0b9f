/**
 * Fills a small disk with nothing but an embedded store, and deletes from it until there is room again, a few times over. Prints what
 * happened as one line of JSON. Arguments: the folder of the disk.
 */
import { join } from 'node:path';
import { openEmbeddedStore } from '../../storage/embedded/store.ts';

const [disk = ''] = process.argv.slice(2);
const never = new AbortController().signal;
const kv = await openEmbeddedStore({ directory: join(disk, 'store') });
const present = new Map<string, number>();

/** @returns the code of what went wrong, empty when nothing did */
async function put(key: string): Promise<string> {
  try {
    const { revision } = await kv.txn({ when: [], perform: [{ put: key, value: Buffer.alloc(3000, key) }] }, never);
    present.set(key, revision);
    return '';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

async function remove(key: string, revision: number): Promise<void> {
  const { succeeded } = await kv.txn({ when: [{ key, revision }], perform: [{ delete: key }] }, never);
  if (succeeded) present.delete(key);
}

const rounds: { code: string; written: number; left: number }[] = [];
for (let round = 0; round < 5; round += 1) {
  let code = '';
  let written = -1;
  for (; code === ''; written += 1) code = await put(`/r${round}/k${1000 + written}`);
  for (const [key, revision] of [...present].slice(present.size / 2)) await remove(key, revision);
  await kv.compact(await kv.currentRevision(never), never);
  rounds.push({ code, written, left: present.size });
}
const found = (await kv.range({ start: '/', end: '0' }, never)).entries.map(({ key }) => key);
await kv.close();
console.log(JSON.stringify({ rounds, found, present: [...present.keys()].sort() }));
