/**
 * A sandbox as a user has it: started with npm in a folder that looks like a fresh clone, and a shell beside it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { until } from '../apiserver/serving.ts';
import type { Kubectl } from './programs.ts';

const root = join(import.meta.dirname, '..', '..');

/** A shell that lives as long as the story, so that `export` lasts. */
export class Shell {
  readonly #process: ChildProcess;
  #output = '';

  constructor(cwd: string, path: string) {
    this.#process = spawn('bash', ['--norc'], { cwd, env: { ...process.env, PATH: path, HOME: cwd } });
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream?.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
  }

  /** @returns what the command printed to stdout and stderr */
  async run(command: string): Promise<string> {
    this.#output = '';
    const mark = `done-${Math.random()}`;
    this.#process.stdin?.write(`${command} 2>&1\necho ${mark}\n`);
    await until(() => this.#output.includes(mark), `${command} has ended`, 30_000);
    return this.#output.replace(`${mark}\n`, '');
  }

  async close(): Promise<void> {
    this.#process.stdin?.end();
    await once(this.#process, 'exit');
  }
}

/** State from elsewhere plays no part in it. */
export class Clone {
  readonly folder = mkdtempSync(join(tmpdir(), 'kubedirector-clone-'));
  /** What the sandbox has printed since it was started last. */
  printed = '';
  readonly #path: string;
  #sandbox: ChildProcess | undefined;

  constructor(kubectl?: Kubectl) {
    for (const entry of readdirSync(root))
      if (!entry.startsWith('.')) symlinkSync(join(root, entry), join(this.folder, entry));
    const bin = mkdtempSync(join(this.folder, 'bin-'));
    if (kubectl && kubectl.path !== 'kubectl') symlinkSync(kubectl.path, join(bin, 'kubectl'));
    this.#path = `${bin}:${dirname(process.execPath)}:${process.env.PATH}`;
  }

  /** `npm start`, with these flags. Resolves when the sandbox says that it is ready. */
  async start(...flags: string[]): Promise<void> {
    const args = ['start', '--silent', ...(flags.length ? ['--', ...flags] : [])];
    this.printed = '';
    // A group of its own, as a terminal makes one: signals reach npm and the program alike.
    const sandbox = spawn('npm', args, { cwd: this.folder, env: { ...process.env, PATH: this.#path }, detached: true });
    this.#sandbox = sandbox;
    for (const stream of [sandbox.stdout, sandbox.stderr])
      stream.on('data', (chunk: Buffer) => {
        this.printed += chunk.toString();
      });
    const ended = (): boolean => sandbox.exitCode !== null;
    await until(() => this.printed.includes('Ctrl-C stops it') || ended(), 'the sandbox says that it is ready', 20_000);
    if (ended()) throw new Error(`the sandbox did not start:\n${this.printed}`);
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.#sandbox?.pid) return;
    try {
      process.kill(-this.#sandbox.pid, signal);
    } catch (error) {
      // Nobody is left in the group.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  shell(): Shell {
    return new Shell(this.folder, this.#path);
  }

  remove(): void {
    this.signal('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}
