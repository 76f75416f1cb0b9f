/**
 * kubectl as a program: called with argument lists, never through a shell.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { UsageError } from '../flags.ts';

export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class Kubectl {
  readonly #always: readonly string[];

  /** @param always flags that go with every call, such as `--context=NAME` */
  constructor(always: readonly string[]) {
    this.#always = always;
  }

  /** Runs quietly. @throws UsageError when there is no kubectl */
  ask(...args: string[]): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const options = { maxBuffer: 64 * 1024 * 1024 };
      execFile('kubectl', [...this.#always, ...args], options, (error, stdout, stderr) => {
        if (error?.code === 'ENOENT') reject(new UsageError('There is no kubectl on the PATH.'));
        else resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, stdout, stderr });
      });
    });
  }

  /** Runs with its output shown. @throws UsageError when it fails */
  async show(...args: string[]): Promise<void> {
    const child = spawn('kubectl', [...this.#always, ...args], { stdio: ['ignore', 'inherit', 'inherit'] });
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code !== 0) throw new UsageError(`kubectl ${args.join(' ')} has failed; what it said stands above.`);
  }
}
