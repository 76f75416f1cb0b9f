/**
 * Programs that go on when whoever started them has ended: each with a log, and a file that says which process it is.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folders } from './settings.ts';
import { waitFor } from './waiting.ts';

export interface Invocation {
  readonly command: string;
  readonly args: readonly string[];
  /** What is taken away from the modes of files that it makes. */
  readonly umask?: number;
}

const recordOf = (name: string): string => join(folders.processes, name);
const logOf = (name: string): string => join(folders.logs, `${name}.log`);

export async function startProcess(name: string, { command, args, umask = 0o022 }: Invocation): Promise<void> {
  for (const folder of [folders.processes, folders.logs]) mkdirSync(folder, { recursive: true });
  const log = openSync(logOf(name), 'a');
  const before = process.umask(umask);
  try {
    const child = spawn(command, args, { detached: true, stdio: ['ignore', log, log], cwd: '/' });
    await once(child, 'spawn');
    writeFileSync(recordOf(name), `${child.pid} ${beginOf(child.pid!)}`);
    child.unref();
  } finally {
    process.umask(before);
    closeSync(log);
  }
}

/** When a process began, in ticks since the machine did; undefined when it has ended. Numbers of processes are used again. */
function beginOf(pid: number): string | undefined {
  try {
    // The second field is the program's name, which may have spaces in it and ends with the last parenthesis.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** @returns its process number, if it runs */
export function runningPid(name: string): number | undefined {
  try {
    const [pid, begin] = readFileSync(recordOf(name), 'utf8').split(' ');
    return begin !== undefined && beginOf(Number(pid)) === begin ? Number(pid) : undefined;
  } catch {
    return undefined;
  }
}

/** Etcd and containerd write what they have before they go, and are given the time. kube-apiserver would wait for all watches to end. */
const patienceMs = 5000;

/** Ends it, if it runs, and waits until it has ended. */
export async function stopProcess(name: string, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  const pid = runningPid(name);
  if (pid !== undefined) {
    process.kill(pid, signal);
    const ended = async () => runningPid(name) === undefined;
    await waitFor(`end of ${name}`, ended, { patienceMs }).catch(() => process.kill(pid, 'SIGKILL'));
    await waitFor(`end of ${name}`, ended, { patienceMs });
  }
  rmSync(recordOf(name), { force: true });
}

/** The last lines that it wrote. */
export function logTail(name: string): string {
  try {
    return readFileSync(logOf(name), 'utf8').trimEnd().split('\n').slice(-15).join('\n');
  } catch {
    return '';
  }
}
