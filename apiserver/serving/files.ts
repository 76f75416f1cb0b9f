/**
 * Files that somebody else renews, such as mounted certificates: read, and looked at again and again (K-444).
 *
 * Contents are compared, not times: kubelets swap whole folders behind links.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../openapi/machinery/log.ts';

const lookAgainMs = 10_000;

export type Texts<K extends string> = Readonly<Record<K, string>>;

/** @throws Error naming the file that cannot be read */
export const readTexts = <K extends string>(paths: Readonly<Record<K, string>>): Texts<K> =>
  Object.fromEntries(
    Object.entries(paths).map(([name, path]) => [name, readFileSync(path as string, 'utf8')]),
  ) as Texts<K>;

/** Tells the contents whenever they are others than before, until the signal aborts. What cannot be read leaves things as they are. */
export async function followTexts<K extends string>(
  paths: Readonly<Record<K, string>>,
  present: Texts<K>,
  changed: (texts: Texts<K>) => void,
  { log, everyMs = lookAgainMs }: { log: Log; everyMs?: number },
  signal: AbortSignal,
): Promise<void> {
  let known = JSON.stringify(present);
  while (!signal.aborted) {
    await sleep(everyMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    try {
      const texts = readTexts(paths);
      const seen = JSON.stringify(texts);
      if (seen === known) continue;
      changed(texts);
      known = seen;
      log.info('files that were changed are used from now on', { files: Object.values(paths) });
    } catch (error) {
      log.error('files cannot be used; what was in them before stays', error, { files: Object.values(paths) });
    }
  }
}
