/**
 * Waiting for a condition, for so long and no longer.
 */
import { setTimeout as sleep } from 'node:timers/promises';

export interface Patience {
  readonly patienceMs: number;
  /** Why it is no use to wait any longer; undefined while it is. */
  readonly hopeless?: () => string | undefined;
  /** What is known besides, when waiting was in vain. */
  readonly evidence?: () => string;
}

/** Often enough that nobody notices, and seldom enough that a machine of two processors does not either. */
const pauseMs = 100;

/**
 * @param condition what throws is not so yet
 * @throws Error that says what was waited for
 */
export async function waitFor(
  what: string,
  condition: () => Promise<boolean>,
  { patienceMs, hopeless = () => undefined, evidence = () => '' }: Patience,
): Promise<void> {
  const end = Date.now() + patienceMs;
  let last: unknown;
  for (;;) {
    try {
      if (await condition()) return;
    } catch (error) {
      last = error;
    }
    const reason = hopeless() ?? (Date.now() > end ? `not within ${patienceMs / 1000} s` : undefined);
    if (reason) throw new Error(`${what}: ${reason}\n${evidence()}`, { cause: last });
    await sleep(pauseMs);
  }
}
