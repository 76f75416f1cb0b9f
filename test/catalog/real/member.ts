/**
 * A member as a container would have it: a Debian system of its own over a shared one, processes of its own, and the first of them
 * the one of our images. The network is the machine's, where each member has an address of 127.0.0.0/8.
 *
 * It takes root, and Linux with overlayfs.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { waitFor } from './wait.ts';

const packages = join(import.meta.dirname, '../../../catalog/packages');

/** $1: folder of the member, $2: the shared system. */
const begin = `set -e
cd "$1"
mount -t overlay overlay -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" root
mount -t proc proc root/proc
mount -t tmpfs tmpfs root/run
mount --rbind /dev root/dev
exec chroot root /opt/kubedirector/run
`;
const ownNetwork = 'ip link set lo up\n';

export interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class Member {
  readonly host: string;
  readonly #folder: string;
  readonly #script: string;
  readonly #process: ChildProcess;
  readonly #log: string[] = [];

  private constructor(host: string, folder: string, system: string, setup: string, alone: boolean) {
    this.host = host;
    this.#folder = folder;
    this.#script = `/opt/guestconfig/${setup}/startscript`;
    const own = ['--mount', '--pid', '--fork', '--kill-child', '--propagation=private'];
    const namespaces = [...own, ...(alone ? ['--net'] : [])];
    const script = alone ? ownNetwork + begin : begin;
    this.#process = spawn('unshare', [...namespaces, 'sh', '-c', script, 'begin', folder, system], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#process.stdout!, this.#process.stderr!])
      stream.on('data', (chunk: Buffer) => this.#log.push(chunk.toString()));
  }

  /**
   * @param folder of the member's own; what is in it already is the volume of an earlier container
   * @param system a folder with a Debian system
   * @param setup name of the setup package
   */
  static async start(parts: {
    host: string;
    folder: string;
    system: string;
    setup: string;
    /** Lines of /etc/hosts. Absent: the member has a network of its own, where it is alone. */
    hosts?: string;
  }): Promise<Member> {
    const { host, folder, system, setup, hosts } = parts;
    for (const name of ['upper', 'work', 'root']) mkdirSync(join(folder, name), { recursive: true });
    const upper = (path: string): string => join(folder, 'upper', path);
    for (const path of ['opt/kubedirector', 'opt/guestconfig', 'usr/local/bin', 'etc', 'tmp'])
      mkdirSync(upper(path), { recursive: true });
    cpSync(join(packages, 'run'), upper('opt/kubedirector/run'));
    cpSync(join(packages, setup), upper(`opt/guestconfig/${setup}`), { recursive: true });
    cpSync(join(packages, 'members.sh'), upper(`opt/guestconfig/${setup}/members.sh`));
    writeFileSync(upper('etc/hosts'), hosts ?? '127.0.0.1 localhost\n');
    const member = new Member(host, folder, system, setup, hosts === undefined);
    await waitFor(() => existsSync(`/proc/${member.#first}/root/opt/kubedirector/run`) && member.#isInside);
    return member;
  }

  /** Process id, as the machine sees it, of the first process in the container. */
  get #first(): number {
    const { pid } = this.#process;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return Number(children.split(' ')[0]);
  }

  get #isInside(): boolean {
    return readFileSync(`/proc/${this.#first}/cmdline`, 'utf8').includes('/opt/kubedirector/run');
  }

  /** What the service has printed. */
  get log(): string {
    return this.#log.join('');
  }

  /** @param files written before the script runs, by their paths */
  async startscript(args: readonly string[], files: Readonly<Record<string, string>>): Promise<Output> {
    for (const [path, text] of Object.entries(files)) {
      const inside = `/proc/${this.#first}/root${path}`;
      mkdirSync(dirname(inside), { recursive: true });
      writeFileSync(inside, text);
      if (text.startsWith('#!')) chmodSync(inside, 0o755);
    }
    return this.exec([this.#script, ...args]);
  }

  async exec(argv: readonly string[]): Promise<Output> {
    const enter = ['--target', String(this.#first), '--mount', '--pid', '--net', '--root', '--wd'];
    try {
      const { stdout, stderr } = await promisify(execFile)('nsenter', [...enter, ...argv]);
      return { code: 0, stdout, stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, stdout, stderr };
    }
  }

  read(path: string): string {
    return readFileSync(`/proc/${this.#first}/root${path}`, 'utf8');
  }

  /** As a pod is killed; its folder stays. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    process.kill(this.#first, 'SIGKILL');
    await ended;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
