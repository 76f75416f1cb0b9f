/**
 * A program that is killed, stopped and started again by a test, and is gone after it whatever happens.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export class ManagedProcess {
  readonly #command: readonly string[];
  #child: ChildProcess | undefined;
  #said = '';

  constructor(command: readonly string[]) {
    this.#command = command;
  }

  get pid(): number | undefined {
    return this.#isRunning ? this.#child?.pid : undefined;
  }

  /** The last of what it said on both streams. */
  get said(): string {
    return this.#said;
  }

  /** @param ready absent: nothing is waited for. @throws Error when it ends without having said what `ready` looks for */
  async start(ready?: RegExp): Promise<void> {
    const [command, ...args] = this.#command;
    const child = spawn(command!, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    running.add(child);
    child.once('exit', () => running.delete(child));
    let text = '';
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const hear = (bytes: Buffer): void => {
      this.#said = (this.#said + bytes).slice(-20_000);
      if (text.length < 200_000) text += bytes;
      if (ready?.test(text)) resolve();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`${command} ended with ${code ?? signal}:\n${this.#said}`)));
    if (ready) return promise;
    promise.catch(() => {});
  }

  /** Resolves when it has ended: with its exit code, or with the signal that ended it. */
  async ended(): Promise<number | NodeJS.Signals | null> {
    const child = this.#child;
    if (child && this.#isRunning) await once(child, 'exit');
    return child?.signalCode ?? child?.exitCode ?? null;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#isRunning) this.#child?.kill(signal);
  }

  /** Ends it, and waits until it has ended. */
  async end(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (!child || !this.#isRunning) return;
    const exit = once(child, 'exit');
    // Whoever was stopped hears no other signal than this.
    child.kill('SIGCONT');
    child.kill(signal);
    await exit;
  }

  get #isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }
}
