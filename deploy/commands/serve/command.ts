/**
 * `kubedirector serve`: runs until it is told to stop; what it does goes to the log, a line of JSON each.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { jsonLog } from '../../../openapi/machinery/log.ts';
import { collectWhenIdle } from '../../memory.ts';
import { UsageError } from '../flags.ts';
import { serveOptions } from './options.ts';
import { type Served, startServing } from './serve.ts';

/** @throws UsageError */
export async function serveCommand(args: readonly string[]): Promise<void> {
  const options = serveOptions(args);
  const log = jsonLog(process.stdout);
  const ended = Promise.withResolvers<void>();
  const end = (reason: string): void => {
    log.info('ending', { reason });
    ended.resolve();
  };
  let told = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      // The first asks, the second does not wait (K-570).
      if (told) process.exit(130);
      told = true;
      end(signal);
    });
  let served: Served;
  try {
    served = await startServing(options, log, (reason) => {
      // Whoever runs us starts us again.
      process.exitCode = 1;
      end(reason);
    });
  } catch (error) {
    if (error instanceof UsageError) throw error;
    log.error('the server could not be started', error);
    process.exitCode = 1;
    return;
  }
  collectWhenIdle();
  await ended.promise;
  served.announceStop();
  await delay(options.shutdownDelayMs);
  await served.stop();
  log.info('ended');
}
