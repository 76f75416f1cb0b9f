/**
 * Programs of the machine, run to their end: what the image is made with.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** What it reads; by default nothing. */
  readonly input?: string;
}

/**
 * @returns what it printed
 * @throws Error with what it said, when it ends with anything but 0
 */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const running = promisify(execFile)(command, [...args], { ...options, maxBuffer: 64 << 20 });
  running.child.stdin?.end(options.input);
  try {
    return (await running).stdout;
  } catch (error) {
    // Compilers complain on their standard output, which Node leaves out.
    const { message, stdout = '' } = error as Error & { stdout?: string };
    throw new Error(`${message}${stdout}`, { cause: error });
  }
}
