/**
 * The README, executed as written: every command of its blocks, in order, with the output that it shows.
 *
 * What differs from run to run (ages, addresses, ports, paths) is masked on both sides. `npm ci` is not repeated here.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { describeWithKubectl, type Kubectl } from './programs.ts';

const root = join(import.meta.dirname, '..', '..');

interface Step {
  readonly command: string;
  readonly output: string;
}

/** The commands of a document's console blocks, each with what it prints. */
function stepsIn(document: string): Step[] {
  const blocks = [...document.matchAll(/```console\n([\s\S]*?)```/g)].map(([, block]) => block ?? '');
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((text) => {
        const end = text.indexOf('\n');
        return { command: text.slice(0, end), output: text.slice(end + 1) };
      }),
  );
}

/** What is not the same in every run. */
const masks: readonly (readonly [RegExp, string])[] = [
  [/\b(\d+m)?\d+s\b/g, 'AGE'],
  [/\b10\.96\.\d+\.\d+\b/g, 'IP'],
  [/:\d{5}\/TCP/g, ':PORT/TCP'],
  [/Ready after [\d.]+ s/g, 'Ready after N s'],
  [/\S*\/\.kubedirector/g, 'FOLDER/.kubedirector'],
  [/ +/g, ' '],
  [/ $/gm, ''],
  // Newer kubectls name the namespace; what is gone already is not waited for.
  [/ from default namespace$/gm, ''],
  [/^pod\/\S+ condition met\n/gm, ''],
];

/** kubectl 1.20 cannot wait for a value, nor for the end of what has gone already. */
const spelledOut: readonly (readonly [RegExp, string])[] = [
  [
    /^kubectl wait --for=jsonpath='(\S+)'=(\S+) (\S+)$/,
    `until [ "$(kubectl get $3 -o jsonpath='$1')" = $2   [/^kubectl wait --for=delete pod -l (S+)$/, 'until [ -z "$(kubectl get pod -l $1 -o name)" ]; do sleep 0.1; done'],
]; do sleep 0.1; done; kubectl get $3 -o name | sed 's/$/ condition met/'`,
  ],
];

const commandFor = (command: string, { version }: Kubectl): string =>
  Number(version.split('.')[1]) >= 23
    ? command
    : spelledOut.reduce((result, [pattern, instead]) => result.replace(pattern, instead), command);

const masked = (text: string): string =>
  masks.reduce((result, [what, mask]) => result.replace(what, mask), text).trim();

/** A shell that lives as long as the story, so that `export` lasts. */
class Shell {
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
    while (!this.#output.includes(mark)) await once(this.#process.stdout!, 'data');
    return this.#output.replace(`${mark}\n`, '');
  }

  async close(): Promise<void> {
    this.#process.stdin?.end();
    await once(this.#process, 'exit');
  }
}

describeWithKubectl('the README', (kubectl) => {
  const [start, ...steps] = stepsIn(readFileSync(join(root, 'README.md'), 'utf8'));
  let folder: string;
  let sandbox: ChildProcess;
  let printed = '';
  let shell: Shell;

  before(async function () {
    this.timeout(30_000);
    // A folder that looks like a fresh clone, so that state from elsewhere plays no part.
    folder = mkdtempSync(join(tmpdir(), 'kubedirector-readme-'));
    for (const entry of readdirSync(root))
      if (!entry.startsWith('.') || entry === '.git') symlinkSync(join(root, entry), join(folder, entry));
    const bin = mkdtempSync(join(folder, 'bin-'));
    if (kubectl.path !== 'kubectl') symlinkSync(kubectl.path, join(bin, 'kubectl'));
    const path = `${bin}:${dirname(process.execPath)}:${process.env.PATH}`;
    sandbox = spawn('npm', ['start', '--silent'], { cwd: folder, env: { ...process.env, PATH: path }, detached: true });
    for (const stream of [sandbox.stdout, sandbox.stderr])
      stream?.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    while (!printed.includes('Ctrl-C stops it')) {
      const [, code] = await Promise.race([
        once(sandbox.stdout!, 'data'),
        once(sandbox, 'exit').then((exit) => ['', exit]),
      ]);
      if (code) throw new Error(`the sandbox did not start:\n${printed}`);
    }
    shell = new Shell(folder, path);
  });

  after(async function () {
    this.timeout(30_000);
    await shell?.close();
    if (sandbox?.pid && sandbox.exitCode === null && sandbox.signalCode === null) {
      const gone = once(sandbox, 'exit');
      process.kill(-sandbox.pid, 'SIGINT');
      await gone;
    }
    rmSync(folder, { recursive: true, force: true });
  });

  it('begins with a start that says what to do next', () => {
    expect(start?.command).to.equal('npm ci && npm start');
    expect(masked(printed)).to.equal(masked(start?.output ?? ''));
  });

  for (const { command, output } of steps)
    it(`$ ${command.slice(0, 90)}`, async function () {
      this.timeout(40_000);
      expect(masked(await shell.run(commandFor(command, kubectl)))).to.equal(masked(output));
    });

  it('ends with Ctrl-C, which stops it cleanly', async function () {
    this.timeout(30_000);
    const gone = once(sandbox, 'exit');
    process.kill(-sandbox.pid!, 'SIGINT');
    await gone;
    expect(printed).to.match(/Stopped\. The state stays in .*\.kubedirector\.\n$/);
  });
});
