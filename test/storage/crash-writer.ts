/**
 * Writes to an embedded store as fast as it takes it, and prints a line for every write that was acknowledged, until somebody
 * kills it. Each write puts or deletes a pair of keys together. Arguments: the folder, the number of this round.
 */
import { openEmbeddedStore } from '../../storage/embedded/store.ts';

const [directory = '', round = ''] = process.argv.slice(2);
const never = new AbortController().signal;
const kv = await openEmbeddedStore({ directory });

async function write(writer: number): Promise<void> {
  for (let i = 0; ; i++) {
    const name = `${round}.${writer}.${i}`;
    const value = Buffer.from(name.padEnd(20 + ((writer * 7919 + i * 104729) % 6000), '.'));
    const put = await kv.txn(
      {
        when: [],
        perform: [
          { put: `/a/${name}`, value },
          { put: `/b/${name}`, value },
          { put: '/newest', value: Buffer.from(name) },
        ],
      },
      never,
    );
    process.stdout.write(`put ${put.revision} ${name}\n`);
    if (i % 4 === 3) {
      const gone = await kv.txn({ when: [], perform: [{ delete: `/a/${name}` }, { delete: `/b/${name}` }] }, never);
      process.stdout.write(`delete ${gone.revision} ${name}\n`);
    }
    if (writer === 0 && i % 10 === 9) {
      const revision = put.revision - 20;
      await kv.compact(Math.max(revision, 1), never);
      process.stdout.write(`compact ${revision} -\n`);
    }
  }
}

await Promise.all(Array.from({ length: 16 }, (_, writer) => write(writer)));
