/**
 * client-go's informers, in a program (main.go) that is asked what they hold.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ObjectMeta } from '../../../openapi/machinery/meta.ts';
import { builtWithKubernetes } from '../cluster/build/with-kubernetes.ts';

export interface InformerSettings {
  readonly server: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly group: string;
  readonly version: string;
  readonly resources: readonly string[];
}

/** What one informer has to say; main.go says what each word means. */
export interface Report {
  readonly resource: string;
  readonly form: 'objects' | 'metadata';
  readonly synced: boolean;
  readonly held: Readonly<Record<string, { readonly metadata: ObjectMeta }>>;
  readonly told: Readonly<Record<string, string>>;
  readonly lists: number;
  readonly watches: number;
  readonly wrong: readonly string[];
}

/** Builds the program unless it is there, which may take a minute or two. */
export const buildInformers = (): Promise<string> =>
  builtWithKubernetes('kubedirector-informers', join(import.meta.dirname, 'main.go'));

export class Informers {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #complaints = '';

  constructor(program: string, settings: InformerSettings) {
    this.#process = spawn(program, [JSON.stringify(settings)], { stdio: ['pipe', 'pipe', 'pipe'] });
    // While a server is away, client-go says so at length.
    this.#process.stderr!.on('data', (bytes: Buffer) => {
      this.#complaints = (this.#complaints + bytes).slice(-4000);
    });
    this.#lines = createInterface({ input: this.#process.stdout! })[Symbol.asyncIterator]();
  }

  /** One question at a time. @throws Error with its last words when the program has ended */
  async reports(): Promise<Report[]> {
    this.#process.stdin!.write('\n');
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`the informers have ended:\n${this.#complaints}`);
    return JSON.parse(value) as Report[];
  }

  async end(): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.stdin!.end();
    await ended;
  }
}
