/**
 * The judge: Debian's package of structured-merge-diff, in a small Go program (main.go) that is built where Go and the package are.
 * Packages that are not where Debian puts them are found in the folder that KUBEDIRECTOR_TEST_GOCODE names.
 *
 * Where they are not, the tests that need it are left out and say so; with `go` in KUBEDIRECTOR_TEST_REQUIRE that is a failure.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const sources = process.env.KUBEDIRECTOR_TEST_GOCODE ?? '/usr/share/gocode';
const debianPackage = 'golang-k8s-sigs-structured-merge-diff-dev';

const go = ['go', '/usr/lib/go/bin/go', '/usr/lib/go-1.19/bin/go'].find(
  (path) => spawnSync(path, ['version']).status === 0,
);
const missing = [
  ...(go ? [] : ['Go']),
  ...(existsSync(join(sources, 'src/sigs.k8s.io/structured-merge-diff')) ? [] : [`Debian's ${debianPackage}`]),
];
const required = (process.env.KUBEDIRECTOR_TEST_REQUIRE ?? '').split(',').includes('go');

export interface JudgedEntry {
  readonly version: string;
  readonly applied: boolean;
  readonly fields: Record<string, unknown>;
}

export interface Question {
  /** In the judge's words; absent: the same as last time. */
  readonly schema?: string;
  readonly operation: 'apply' | 'update';
  readonly live: unknown;
  readonly object: unknown;
  readonly manager: string;
  readonly version: string;
  readonly force: boolean;
  readonly managers: Readonly<Record<string, JudgedEntry>>;
  readonly ignored: Readonly<Record<string, unknown>>;
}

export interface Verdict {
  readonly object?: unknown;
  readonly managers?: Readonly<Record<string, JudgedEntry>>;
  readonly conflicts?: readonly { readonly manager: string; readonly path: string }[];
  readonly error?: string;
}

export interface Judge {
  /** One question at a time. */
  ask(question: Question): Promise<Verdict>;
}

/** `describe` with a judge that sits from its first test to its last. */
export function describeWithJudge(title: string, tests: (judge: Judge) => void): void {
  describe(title, () => {
    if (missing.length) {
      const text = `there is no ${missing.join(', nor ')}`;
      if (required) it('needs a judge', () => Promise.reject(new Error(text)));
      else it(`is left out: ${text}`);
      return;
    }
    const folder = mkdtempSync(join(tmpdir(), 'judge-'));
    let process: ChildProcess | undefined;
    let answers: AsyncIterator<string> | undefined;
    before(function () {
      this.timeout(120_000);
      process = spawn(built(folder), { stdio: ['pipe', 'pipe', 'inherit'] });
      answers = createInterface({ input: process.stdout! })[Symbol.asyncIterator]();
    });
    after(() => {
      process?.stdin?.end();
      rmSync(folder, { recursive: true, force: true });
    });
    tests({
      ask: async (question) => {
        process!.stdin!.write(`${JSON.stringify(question)}\n`);
        const { value, done } = await answers!.next();
        if (done) throw new Error('the judge has left');
        return JSON.parse(value) as Verdict;
      },
    });
  });
}

/** @returns the program */
function built(folder: string): string {
  const source = join(folder, 'src/judge');
  mkdirSync(source, { recursive: true });
  copyFileSync(join(import.meta.dirname, 'main.go'), join(source, 'main.go'));
  // Only beside a go.mod does Go find packages of a major version in a GOPATH.
  writeFileSync(join(source, 'go.mod'), 'module judge\n\ngo 1.13\n');
  const program = join(folder, 'judge');
  const env = { ...process.env, GO111MODULE: 'off', GOFLAGS: '', GOPATH: `${folder}:${sources}` };
  const { status, stderr } = spawnSync(go!, ['build', '-o', program, '.'], { cwd: source, env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`the judge cannot be built: ${stderr}`);
  return program;
}
