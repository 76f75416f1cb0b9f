/**
 * Keeps a server's process small: what V8 and the C library are told before it begins, and what is given back while nothing happens.
 *
 * Nothing here changes what a server does. Where a system has no such settings, its process holds more. What each is worth:
 * `node test/bench/scale.ts`.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** For V8, which reads them when it begins. */
export const memoryFlags: readonly string[] = [
  // Megabytes for what is young. At its own 16 and more, a burst of requests leaves a hundred megabytes behind.
  '--max-semi-space-size=4',
  // Its first look at what is old comes here, not after hundreds of megabytes; the next ones after half as much again.
  '--initial-old-space-size=48',
  '--heap-growing-percent=50',
];

/** For glibc, which reads it when the process begins. */
export const memoryEnvironment: Readonly<Record<string, string>> = {
  // At its own 8 heaps for each core, every thread keeps to itself what it has freed.
  MALLOC_ARENA_MAX: '1',
};

/** Begins this program anew, in the same process, unless it was started with these settings; what is set already stays. */
export function restartSmall(): void {
  const { platform, execPath, execArgv, env, argv } = process;
  if (platform !== 'linux' || !process.execve) return;
  const missing = memoryFlags.filter((flag) => !execArgv.includes(flag));
  if (!missing.length && Object.keys(memoryEnvironment).every((name) => env[name] !== undefined)) return;
  process.execve(execPath, [execPath, ...missing, ...execArgv, ...argv.slice(1)], { ...memoryEnvironment, ...env });
}

/** How often it is asked whether anything happens, and the share of that time below which nothing does. */
const lookMs = 2000;
const idleShare = 0.05;
/** Less than this, and than this share of what was kept, is not worth the pause. */
const worthwhileBytes = 16 * 1024 * 1024;
const worthwhileShare = 0.1;
/** After so long a quiet, the windows of events (apiserver/cache/event-window.ts) have let go of what they held. */
const longQuietMs = 120_000;

/**
 * Collects garbage while nothing happens. V8 itself does so when it is about to need room: what a burst leaves behind would stay for as
 * long as there is no other.
 *
 * It takes less than a tenth of a second with nothing stored, and three tenths with 50,000 objects. @returns how to stop
 */
export function collectWhenIdle(everyMs = lookMs): () => void {
  const collect = collector();
  let before = performance.eventLoopUtilization();
  let quietMs = 0;
  let kept = 0;
  let collectedQuiet = false;
  const look = (): void => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    if (utilization > idleShare) {
      quietMs = 0;
      collectedQuiet = false;
      return;
    }
    quietMs += everyMs;
    const longQuiet = quietMs >= longQuietMs && !collectedQuiet;
    if (!longQuiet && process.memoryUsage.rss() < kept + Math.max(worthwhileBytes, kept * worthwhileShare)) return;
    collectedQuiet ||= longQuiet;
    collect();
    kept = process.memoryUsage.rss();
    before = performance.eventLoopUtilization();
  };
  const timer = setInterval(look, everyMs).unref();
  return () => clearInterval(timer);
}

type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;

/** V8's own function, which it shows to programs only when told to. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as Collect;
  setFlagsFromString('--no-expose-gc');
  return () => gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
