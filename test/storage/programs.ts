/** Programs that tests start as processes of their own, to end them as roughly as a power failure would. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Program {
  readonly process: ChildProcess;
  /** What it prints, line by line, until it ends. */
  readonly lines: AsyncIterable<string>;
  /** Waits until it has ended. @returns its exit code or the signal that ended it */
  ended(): Promise<number | string | null>;
}

/** @param wrapper a command that runs the command given to it as further arguments */
export function startProgram(file: string, args: readonly string[], wrapper: readonly string[] = []): Program {
  const program = fileURLToPath(new URL(file, import.meta.url));
  const [command, ...rest] = [...wrapper, process.execPath, program, ...args];
  const child = spawn(command!, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stderr.resume();
  const exit = once(child, 'close') as Promise<[number | null, string | null]>;
  return {
    process: child,
    lines: createInterface({ input: child.stdout }),
    ended: async () => {
      const [code, signal] = await exit;
      return code ?? signal;
    },
  };
}
