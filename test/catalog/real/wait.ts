/**
 * Waiting for something to be so.
 */
import { setTimeout as sleep } from 'node:timers/promises';

/** @throws when it is not so within the time; the last error, if there was one, is the cause */
export async function waitFor(condition: () => boolean | Promise<boolean>, seconds = 60): Promise<void> {
  const end = Date.now() + seconds * 1000;
  let cause: unknown;
  for (;;) {
    try {
      if (await condition()) return;
    } catch (error) {
      cause = error;
    }
    if (Date.now() > end) throw new Error(`not so within ${seconds} seconds: ${condition}`, { cause });
    await sleep(100);
  }
}
