/**
 * A part of the cluster that is a process: how it is started, and what shows that it does its work.
 */
import { type Invocation, logTail, runningPid, startProcess, stopProcess } from './processes.ts';
import { waitFor } from './waiting.ts';

export interface Program extends Invocation {
  readonly name: string;
  /** Is it at work? Whatever it throws is no. */
  works(): Promise<boolean>;
}

/** The slowest of them is kube-apiserver, which takes 5 seconds on two processors. */
const patienceMs = 90_000;

/** Starts it, unless it runs, and waits until it works. */
export async function startProgram(program: Program): Promise<void> {
  const { name } = program;
  if (runningPid(name) === undefined) await startProcess(name, program);
  await waitFor(`${name} at work`, () => program.works(), {
    patienceMs,
    hopeless: () => (runningPid(name) === undefined ? 'it has ended' : undefined),
    evidence: () => logTail(name),
  });
}

export async function restartProgram(program: Program): Promise<void> {
  await stopProcess(program.name);
  await startProgram(program);
}

/** `--name=value` for each. */
export const flags = (values: Readonly<Record<string, string | number | boolean>>): string[] =>
  Object.entries(values).map(([name, value]) => `--${name}=${value}`);
