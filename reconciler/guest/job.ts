/**
 * One job: a call to a member, made again over a new connection for as long as none has ended with a result.
 *
 * The program in the member goes on when a connection breaks, and a call that comes again finds it at work. So connections may break
 * as they like, and a call is made at least once, which is as good as once.
 */
import { encodeCall } from '../../openapi/guest/calls.ts';
import { type GuestReport, ReportReader } from '../../openapi/guest/reports.ts';
import { underSignals } from '../../openapi/machinery/signal.ts';
import { hasReason, type StatusError } from '../../openapi/machinery/status.ts';
import { pause, type Timers } from '../timers.ts';
import type { ContainerReference, ExecPort, OutputSink } from './ports.ts';
import { redact } from './redaction.ts';
import type { Said, Work, WorkView } from './work.ts';

export interface JobOptions {
  readonly exec: ExecPort;
  /** Text of the program that runs in members. */
  readonly program: () => Uint8Array;
  /** Archive of what scripts read configmeta with. */
  readonly helper: () => Uint8Array;
  readonly timers: Timers;
  /**
   * Waits for one of few places among those that talk to their member at length.
   *
   * @returns how to give the place back; calling it again does nothing
   */
  readonly place: (signal: AbortSignal) => Promise<() => void>;
}

/** A program that is well speaks twice a minute. */
const silenceMs = 90_000;

const firstPauseMs = 1_000;
const longestPauseMs = 60_000;

/** Of a program that broke, so much of what it said last. */
const longestLastWords = 300;

export const viewOf = ({ key }: Work): WorkView => ({
  key,
  state: 'running',
  phase: undefined,
  trouble: undefined,
  failure: undefined,
  told: new Map(),
  reconnected: undefined,
  stdout: undefined,
  stderr: undefined,
});

/**
 * Runs until there is a result, or until `signal` aborts.
 *
 * @param changed told of every state of the work
 */
export async function runJob(
  work: Work,
  container: ContainerReference,
  options: JobOptions,
  changed: (view: WorkView) => void,
  signal: AbortSignal,
): Promise<void> {
  let view = viewOf(work);
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    const attempt = new Attempt(work.say(options.helper), view, changed);
    try {
      view = await attempt.run(container, options, signal);
      if (view.state !== 'running') return;
      throw new Error('the connection ended before the work did');
    } catch (error) {
      if (signal.aborted) return;
      view = { ...attempt.view, trouble: attempt.redacted(wordsOf(error)) };
      changed(view);
      await pause(pauseMs, options.timers, signal).catch(() => {});
      if (signal.aborted) return;
    }
  }
}

const wordsOf = (error: unknown): string => {
  if (hasReason(error, 'Forbidden'))
    return `KubeDirector may not run programs in it: ${(error as StatusError).message}`;
  return error instanceof Error ? error.message : String(error);
};

/** One connection, from the call to its end. */
class Attempt {
  view: WorkView;
  readonly #said: Said;
  readonly #changed: (view: WorkView) => void;
  readonly #told: Map<string, number>;
  readonly #reader = new ReportReader();
  #lastWords = '';

  constructor(said: Said, view: WorkView, changed: (view: WorkView) => void) {
    this.#said = said;
    this.#changed = changed;
    this.view = view;
    this.#told = new Map(view.told);
  }

  async run(container: ContainerReference, options: JobOptions, signal: AbortSignal): Promise<WorkView> {
    const release = await options.place(signal);
    const silence = new Silence(options.timers);
    const output: OutputSink = {
      stdout: (chunk) => {
        silence.broken();
        for (const report of this.#reader.read(chunk)) {
          if (report.type === 'phase' || report.type === 'alive') release();
          this.#hear(report);
        }
      },
      stderr: (chunk) => {
        this.#lastWords = `${this.#lastWords}${chunk.toString('utf8')}`.slice(-longestLastWords);
      },
    };
    try {
      const command = encodeCall(this.#said.call, options.program());
      const code = await underSignals([signal, silence.signal], (either) =>
        options.exec.run(container, command, output, either),
      );
      if (this.view.state === 'running' && code !== 0) this.#broke(code);
      return this.view;
    } finally {
      silence.end();
      release();
    }
  }

  redacted(text: string): string {
    return redact(text, this.#said.secrets);
  }

  #hear(report: GuestReport): void {
    switch (report.type) {
      case 'alive':
        break;
      case 'phase':
        this.#show({ phase: report.phase, trouble: undefined });
        break;
      case 'notified':
        this.#told.set(report.id, report.exitCode === 'skipped' ? 0 : report.exitCode);
        this.view = { ...this.view, told: this.#told };
        break;
      case 'reconnected':
        this.view = { ...this.view, reconnected: report.exitCode };
        break;
      case 'output':
        this.view = { ...this.view, [report.stream]: this.redacted(report.text) };
        break;
      case 'result':
        if (report.result.ok) this.#show({ state: 'done', trouble: undefined });
        else this.#fail(report.result.failure, report.result.detail);
    }
  }

  /** The program ended without a result: a member that is not as members are. */
  #broke(code: number): void {
    const words = this.#lastWords.trim();
    this.#fail('member', `the program in the member ended with exit code ${code}${words ? `: ${words}` : ''}`);
  }

  #fail(word: NonNullable<WorkView['failure']>['word'], detail: string): void {
    this.#show({ state: 'failed', trouble: undefined, failure: { word, detail: this.redacted(detail) } });
  }

  #show(change: Partial<WorkView>): void {
    this.view = { ...this.view, ...change };
    this.#changed(this.view);
  }
}

/** Aborts when nothing was heard for too long. */
class Silence {
  readonly #controller = new AbortController();
  readonly #timers: Timers;
  #callOff: () => void;

  constructor(timers: Timers) {
    this.#timers = timers;
    this.#callOff = this.#wait();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  broken(): void {
    this.#callOff();
    this.#callOff = this.#wait();
  }

  end(): void {
    this.#callOff();
  }

  #wait(): () => void {
    return this.#timers.after(silenceMs, () =>
      this.#controller.abort(new Error(`nothing was heard of it for ${silenceMs / 1000} seconds`)),
    );
  }
}
