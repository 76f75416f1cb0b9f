/**
 * A member of its own for a test: a container made of Linux' own means, with a system of Debian's packages, which runs the program
 * that members run. What it does it does to this container and to nothing else, and all of it ends with the container.
 *
 * The first process never reaps anybody's children, as in many images.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../../../../deploy/image/programs.ts';
import { encodeCall, type GuestCall } from '../../../../openapi/guest/calls.ts';
import { type GuestReport, ReportReader } from '../../../../openapi/guest/reports.ts';
import { guestProgram } from '../../../../reconciler/guest/program.ts';
import { temporaryFolder } from '../../../storage/folder.ts';
import { rootOf, type System } from './systems.ts';

const begin = `
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root" &&
mount -t proc proc "$2/root/proc" && mount -t tmpfs tmpfs "$2/root/dev" &&
mknod -m 666 "$2/root/dev/null" c 1 3 && mknod -m 666 "$2/root/dev/urandom" c 1 9 && mknod -m 666 "$2/root/dev/zero" c 1 5 &&
cd "$2/root/srv" && exec chroot "$2/root" sh -c 'cd /srv && exec sleep 2147483647'`;

/** What a call came to. */
export interface Answer {
  readonly reports: readonly GuestReport[];
  /** The result, as one line; empty when there was none. */
  readonly result: string;
  readonly phases: readonly string[];
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  /** Whether all of the input was read. */
  readonly tookAll: boolean;
}

export interface Calling {
  /** Told of reports as they come. */
  readonly heard?: (report: GuestReport) => void;
  /** Breaks the connection, as a server that goes away does: nobody reads or writes any more. */
  readonly signal?: AbortSignal;
  readonly env?: Readonly<Record<string, string>>;
  readonly user?: number;
  /** How many bytes of the input arrive before the connection ends; counted from the end when negative. */
  readonly onlyBytes?: number;
}

export class Member {
  readonly #system: System;
  readonly #folder: string;
  readonly #removeFolder: () => Promise<void>;
  #container: ChildProcess | undefined;
  #first = '';

  private constructor(system: System, folder: { path: string; remove(): Promise<void> }) {
    this.#system = system;
    this.#folder = folder.path;
    this.#removeFolder = folder.remove;
  }

  /** @param without paths of the system that this image lacks */
  static async start(system: System, without: readonly string[] = []): Promise<Member> {
    const member = new Member(system, await temporaryFolder());
    await member.#begin();
    if (system === 'bash') await member.sh('ln -sf bash /usr/bin/sh');
    for (const path of without) await member.sh('rm -rf -- "$1"', path);
    return member;
  }

  async #begin(): Promise<void> {
    for (const name of ['upper', 'work', 'root']) await mkdir(join(this.#folder, name), { recursive: true });
    const flags = ['--mount', '--pid', '--fork', '--kill-child=KILL'];
    const lower = await rootOf(this.#system);
    // It ends with us, however we end.
    const unshare = ['--pdeathsig', 'KILL', 'unshare', ...flags];
    this.#container = spawn('setpriv', [...unshare, 'sh', '-c', begin, 'begin', lower, this.#folder], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const { pid } = this.#container;
    await until(() => {
      if (this.#container?.exitCode !== null) throw new Error('the container did not start');
      this.#first = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
      return this.#first !== '' && readFileSync(`/proc/${this.#first}/cmdline`, 'utf8').startsWith('sleep');
    });
  }

  /** Ends all its processes. Of its files those that are on a volume come back in the next container, and the image's own. */
  async restart(volumes: readonly string[]): Promise<void> {
    await this.#stop();
    const saved = join(this.#folder, 'saved');
    for (const path of volumes) {
      if (!existsSync(join(this.#folder, 'upper', path))) continue;
      await mkdir(join(saved, dirname(path)), { recursive: true });
      await run('cp', ['-a', join(this.#folder, 'upper', path), join(saved, path)]);
    }
    for (const name of ['upper', 'work', 'root']) await rm(join(this.#folder, name), { recursive: true, force: true });
    await this.#begin();
    if (this.#system === 'bash') await this.sh('ln -sf bash /usr/bin/sh');
    if (existsSync(saved)) await run('cp', ['-a', `${saved}/.`, this.path('/')]);
    await rm(saved, { recursive: true, force: true });
  }

  async #stop(): Promise<void> {
    const container = this.#container;
    if (!container || container.exitCode !== null || container.signalCode !== null) return;
    container.kill('SIGKILL');
    await once(container, 'exit');
    await until(() => !existsSync(`/proc/${this.#first}/root/srv`));
  }

  async end(): Promise<void> {
    await this.#stop();
    await this.#removeFolder();
  }

  /** Where a path of the container is, seen from outside. */
  path(inside: string): string {
    return join(`/proc/${this.#first}/root`, inside);
  }

  async write(path: string, text: string | Uint8Array, mode = 0o644): Promise<void> {
    await mkdir(dirname(this.path(path)), { recursive: true });
    await writeFile(this.path(path), text);
    await chmod(this.path(path), mode);
  }

  read(path: string): Promise<string> {
    return readFile(this.path(path), 'utf8');
  }

  async link(target: string, path: string): Promise<void> {
    await symlink(target, this.path(path));
  }

  exists(path: string): boolean {
    return existsSync(this.path(path));
  }

  /** As `ls` shows it: `755`. */
  async mode(path: string): Promise<string> {
    return ((await stat(this.path(path))).mode & 0o7777).toString(8);
  }

  #enter(argv: readonly string[], { env = {}, user }: Calling): ChildProcess {
    const who = user === undefined ? [] : [`--setuid=${user}`, `--setgid=${user}`];
    return spawn('/usr/bin/nsenter', [`--target=${this.#first}`, '-m', '-p', '-r', '-w', ...who, '--', ...argv], {
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...env },
    });
  }

  /** Runs a line in its shell. */
  async sh(text: string, ...args: readonly string[]): Promise<string> {
    const child = this.#enter(['sh', '-c', text, 'sh', ...args], {});
    child.stdin!.end();
    let output = '';
    let errors = '';
    child.stdout!.setEncoding('utf8').on('data', (chunk) => (output += chunk));
    child.stderr!.setEncoding('utf8').on('data', (chunk) => (errors += chunk));
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(`${text} ended with ${code}: ${errors}`);
    return output;
  }

  /** Nothing can be written to a folder of it any more, by root either. */
  makeReadOnly(folder: string): Promise<void> {
    return this.#cover(folder, 'ro');
  }

  /** A folder of it has room for so much and no more. */
  makeSmall(folder: string, kilobytes: number): Promise<void> {
    return this.#cover(folder, `size=${kilobytes}k`);
  }

  async #cover(folder: string, options: string): Promise<void> {
    await mkdir(this.path(folder), { recursive: true });
    const mount = ['mount', '-t', 'tmpfs', '-o', options, 'tmpfs', join(this.#folder, 'root', folder)];
    await run('nsenter', [`--target=${this.#first}`, '-m', '--', ...mount]);
  }

  async call(call: GuestCall, calling: Calling = {}): Promise<Answer> {
    const { argv, input } = encodeCall(call, guestProgram());
    const child = this.#enter(argv, calling);
    const reader = new ReportReader();
    const reports: GuestReport[] = [];
    let stdout = '';
    let stderr = '';
    child.stdout!.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      for (const report of reader.read(chunk)) {
        reports.push(report);
        calling.heard?.(report);
      }
    });
    child.stderr!.setEncoding('utf8').on('data', (chunk) => (stderr += chunk));
    // It may have ended without reading all.
    child.stdin!.on('error', () => {});
    let tookAll = false;
    if (calling.onlyBytes === undefined) child.stdin!.write(input, (error) => (tookAll = !error));
    else child.stdin!.end(input.subarray(0, calling.onlyBytes));
    const cut = () => {
      for (const stream of child.stdio) stream?.destroy();
    };
    calling.signal?.addEventListener('abort', cut);
    const [code] = (await once(child, calling.signal ? 'exit' : 'close')) as [number | null];
    const last = reports.at(-1);
    return {
      reports,
      result: last?.type === 'result' ? words(last) : '',
      phases: reports.flatMap((report) => (report.type === 'phase' ? [report.phase] : [])),
      stdout,
      stderr,
      code,
      tookAll,
    };
  }
}

const words = (report: GuestReport & { type: 'result' }): string =>
  report.result.ok ? 'ok' : `failed ${report.result.failure} ${report.result.detail}`;

/** Asks again until it is so. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(20);
}
