/**
 * Writers that create, change and delete whatever chance says, and do not mind that a server is away.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'undici';
import type { Seeded } from '../../faults/seeded.ts';
import { appDocument, clusterDocument } from '../../make/documents.ts';

export const group = 'kubedirector.bluedata.io';
const app = 'app-of-clusters';

const names = Array.from({ length: 25 }, (_, i) => `thing-${i}`);
const namespaces = ['default', 'team'];
const resources = ['kubedirectorclusters', 'kubedirectorapps'] as const;

/** A request of a writer. */
interface Write {
  readonly method: 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: object;
  readonly type?: string;
}

function write(chance: Seeded): Write {
  const version = chance.pick(['v1beta1', 'v1alpha1']);
  const resource = chance.pick(resources);
  const collection = `/apis/${group}/v1beta1/namespaces/${chance.pick(namespaces)}/${resource}`;
  const name = chance.pick(names);
  const path = `${collection.replace('v1beta1', version)}/${name}`;
  const value = String(chance.integer(0, 1e9));
  switch (
    chance.pick(['create', 'create', 'change', 'change', 'change', 'change', 'finalize', 'delete', 'clear'] as const)
  ) {
    case 'create': {
      const document = resource === 'kubedirectorapps' ? appDocument(name) : clusterDocument(name, { app });
      return { method: 'POST', path: collection, body: document };
    }
    case 'change':
      return merge(path, { metadata: { annotations: { value, text: 'x'.repeat(chance.integer(0, 2000)) } } });
    case 'finalize':
      return merge(path, { metadata: { finalizers: chance.chance(0.5) ? ['example.com/wait'] : null } });
    case 'delete':
      return { method: 'DELETE', path };
    case 'clear':
      // All of one parity, now and then.
      return chance.chance(0.1)
        ? { method: 'DELETE', path: collection }
        : merge(path, { metadata: { labels: { value } } });
  }
}

const merge = (path: string, body: object): Write => ({
  method: 'PATCH',
  path,
  body,
  type: 'application/merge-patch+json',
});

/** @returns the status; undefined when nobody knows what became of it */
async function send(pool: Pool, { method, path, body, type = 'application/json' }: Write): Promise<number | undefined> {
  try {
    const { statusCode, body: answer } = await pool.request({
      method,
      path,
      headers: { 'content-type': type },
      ...(body && { body: JSON.stringify(body) }),
    });
    await answer.dump();
    return statusCode;
  } catch {
    return undefined;
  }
}

/** The app that the clusters are instances of; it stays. */
export async function prepare(pool: Pool): Promise<void> {
  for (const namespace of namespaces) {
    const path = `/apis/${group}/v1beta1/namespaces/${namespace}/kubedirectorapps`;
    const status = await send(pool, { method: 'POST', path, body: appDocument(app) });
    if (status !== 201) throw new Error(`${path} answered ${status}`);
  }
}

/** Writes until told to stop. @returns how many writes were made */
export async function writeUntil(stopped: AbortSignal, pool: Pool, chance: Seeded): Promise<number> {
  let made = 0;
  while (!stopped.aborted) {
    const status = await send(pool, write(chance));
    if (status === 200 || status === 201) made += 1;
    // Nobody is there; a writer without pauses would be in the way of whoever starts.
    if (status === undefined) await sleep(50);
  }
  return made;
}
