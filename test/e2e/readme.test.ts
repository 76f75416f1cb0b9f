/**
 * The README, executed as written: every command of its blocks, in order, with the output that it shows.
 *
 * What differs from run to run (ages, addresses, ports, paths) is masked on both sides. `npm ci` is not repeated here.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { until } from '../apiserver/serving.ts';
import { etcdInstalled, type RealEtcd, startEtcd } from '../storage/real-etcd.ts';
import { Clone, type Shell } from './clone.ts';
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
    `until [ "$(kubectl get $3 -o jsonpath='$1')" = $2 ]; do sleep 0.1; done; kubectl get $3 -o name | sed 's/$/ condition met/'`,
  ],
  [/^kubectl wait --for=delete pod -l (\S+)$/, 'until [ -z "$(kubectl get pod -l $1 -o name)" ]; do sleep 0.1; done'],
];

const commandFor = (command: string, { version }: Kubectl): string =>
  Number(version.split('.')[1]) >= 23
    ? command
    : spelledOut.reduce((result, [pattern, instead]) => result.replace(pattern, instead), command);

const masked = (text: string): string =>
  masks.reduce((result, [what, mask]) => result.replace(what, mask), text).trim();

/** Runs the README from its first command to Ctrl-C. */
function tellStory(kubectl: Kubectl, flags: () => string[], printedAtStart: (output: string) => string): void {
  const [start, ...steps] = stepsIn(readFileSync(join(root, 'README.md'), 'utf8'));
  let clone: Clone;
  let shell: Shell;

  before(async function () {
    this.timeout(30_000);
    clone = new Clone(kubectl);
    await clone.start(...flags());
    shell = clone.shell();
  });

  after(async () => {
    await shell?.close();
    clone.remove();
  });

  it('begins with a start that says what to do next', () => {
    expect(start?.command).to.equal('npm ci && npm start');
    expect(masked(clone.printed)).to.equal(masked(printedAtStart(start?.output ?? '')));
  });

  for (const { command, output } of steps)
    it(`$ ${command.slice(0, 90)}`, async function () {
      this.timeout(40_000);
      expect(masked(await shell.run(commandFor(command, kubectl)))).to.equal(masked(output));
    });

  it('ends with Ctrl-C, which stops it cleanly', async function () {
    this.timeout(30_000);
    clone.signal('SIGINT');
    await until(() => clone.printed.includes('Stopped.'), 'the sandbox says that it has stopped', 20_000);
    expect(clone.printed).to.match(/Stopped\. The state stays in .*\.kubedirector\.\n$/);
  });
}

describeWithKubectl('the README', (kubectl) => {
  tellStory(
    kubectl,
    () => [],
    (output) => output,
  );

  if (!etcdInstalled) it('on etcd is left out: there is no etcd on the PATH');
  else
    describe('on etcd', () => {
      let etcd: RealEtcd;
      before(async () => {
        etcd = await startEtcd();
      });
      after(() => etcd.remove());
      tellStory(
        kubectl,
        () => [`--etcd-servers=${etcd.endpoint}`],
        (output) => output.replace('embedded', etcd.endpoint),
      );
    });
});
