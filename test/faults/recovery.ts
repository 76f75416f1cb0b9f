/** How a cycle ends: when servers are themselves again, when watches have told all there is, and that nothing is left behind. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'undici';
import { appDocument } from '../make/documents.ts';
import { clustersIn, collection } from './client.ts';
import type { History } from './history.ts';
import type { Watcher } from './watcher.ts';
import type { World } from './world.ts';

/** How long the world may take to be itself again once all faults are over: an election, a start, and a cache to fill. */
const recoveryMs = 60_000;

/** Where it is seen whether servers write again. Nobody else does anything there. */
const peaceIn = (namespace: string): string => `${namespace}-peace`;

/** Waits until every server writes, and then answers a read of the newest state. @returns the newest revision that one told */
export async function recovered(world: World, namespace: string, history: History): Promise<number> {
  const deadline = performance.now() + recoveryMs;
  const within = async (i: number, wanted: number, ask: () => Promise<Told>): Promise<Told | undefined> => {
    for (;;) {
      const answer = await ask();
      if (answer.code === wanted) return answer;
      if (performance.now() > deadline) {
        history.faults.push(`server ${i} did not recover: ${answer.code} ${answer.text}`);
        return undefined;
      }
      await sleep(50);
    }
  };
  const document = JSON.stringify({ ...appDocument(''), metadata: { generateName: 'peace-' } });
  let newest = 0;
  for (const [i, { pool }] of world.replicas.entries()) {
    await within(i, 201, () => told(pool, 'POST', collection(peaceIn(namespace)), document));
    const read = await within(i, 200, () => told(pool, 'GET', collection(namespace)));
    if (!read) continue;
    const { metadata } = JSON.parse(read.text) as { metadata: { resourceVersion: string } };
    newest = Math.max(newest, Number(metadata.resourceVersion));
  }
  return newest;
}

interface Told {
  /** 0: none came. */
  readonly code: number;
  readonly text: string;
}

const told = (pool: Pool, method: 'GET' | 'POST' | 'DELETE', path: string, body?: string): Promise<Told> =>
  pool
    .request({ method, path, ...(body !== undefined && { body, headers: { 'content-type': 'application/json' } }) })
    .then(async (answer) => ({ code: answer.statusCode, text: await answer.body.text() }))
    .catch((error: Error) => ({ code: 0, text: error.message }));

/** Deletes all that a cycle made in these namespaces: clusters first, which keep the apps that they use. @returns what went wrong */
export async function cleared({ replicas: [replica] }: World, namespaces: readonly string[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const namespace of [...namespaces, ...namespaces.map(peaceIn)])
    for (const path of [clustersIn(namespace), collection(namespace)]) {
      const { code, text } = await told(replica!.pool, 'DELETE', path);
      if (code !== 200) wrong.push(`what is in ${path} cannot be deleted: ${code} ${text}`);
    }
  return wrong;
}

/** Waits until every watch has told all there is. */
export async function caughtUp(
  world: World,
  watchers: readonly Watcher[],
  namespace: string,
  history: History,
): Promise<void> {
  const newest = await recovered(world, namespace, history);
  const deadline = performance.now() + recoveryMs;
  for (const watcher of watchers)
    while (watcher.reached < newest) {
      if (performance.now() > deadline) {
        history.faults.push(`${watcher.name} came to ${watcher.reached}, not to ${newest}`);
        break;
      }
      await sleep(20);
    }
}
