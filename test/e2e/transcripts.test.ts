/**
 * The commands that people use on any built-in kind, on ours, with what each prints: kubectl as judge, in several of its versions, on
 * both versions of the API.
 *
 * The pages in transcripts/ are what was recorded. With KUBEDIRECTOR_TEST_RECORD set they are written anew, from the kubectls there are.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect } from 'chai';
import { Clone, type Shell } from './clone.ts';
import { normalised } from './normalised.ts';
import { describeWithKubectl, type Kubectl, kubectls } from './programs.ts';
import { type Command, expectedIn, formatTranscript, parseTranscript, printedIn, type Setting } from './transcript.ts';

const folder = join(import.meta.dirname, 'transcripts');
const recording = Boolean(process.env.KUBEDIRECTOR_TEST_RECORD);

const pages = readdirSync(folder)
  .filter((file) => file.endsWith('.md') && file !== 'README.md')
  .map((file) => {
    const parts = parseTranscript(readFileSync(join(folder, file), 'utf8'));
    const commands = parts.filter((part) => typeof part !== 'string');
    return { file, name: basename(file, '.md'), parts, commands };
  });

type Outputs = ReadonlyMap<Command, string>;

/** Runs every command of every page in a sandbox of its own. */
async function converse(api: string, kubectl: Kubectl): Promise<Outputs> {
  const clone = new Clone(kubectl);
  let shell: Shell | undefined;
  try {
    await clone.start('--port=0');
    shell = clone.shell();
    const outputs = new Map<Command, string>();
    for (const line of preparation(api)) await shell.run(line);
    for (const { name, commands } of pages) {
      await shell.run(`kubectl create namespace ${name}; kubectl config set-context --current --namespace=${name}`);
      for (const command of commands) {
        const printed = await shell.run(`{ { ${command.command}\n} || echo "(exit $?)"; }`);
        outputs.set(command, normalised(printed, clone.folder));
      }
      await shell.run('kubectl delete kubedirectorclusters --all');
    }
    return outputs;
  } finally {
    await shell?.close();
    clone.remove();
  }
}

/** What kubectl writes for itself is gone with the folder. */
const preparation = (api: string): string[] => [
  'export KUBECONFIG=$PWD/.kubedirector/kubeconfig EDITOR=false TMPDIR=$PWD/.kubedirector',
  ...Object.entries({ kdc: 'clusters', kda: 'apps', kdconfig: 'configs' }).map(
    ([short, plural]) => `${short}=kubedirector${plural}.${api}.kubedirector.bluedata.io`,
  ),
  `api=${api}; cd test/e2e/transcripts/files/${api}`,
];

interface Conversation extends Setting {
  /** Begins it, unless it has begun. */
  outputs(): Promise<Outputs>;
}

const conversations: readonly Conversation[] = ['v1beta1', 'v1alpha1'].flatMap((api) =>
  [...kubectls].sort(byVersion).map((kubectl) => {
    let begun: Promise<Outputs> | undefined;
    return { api, kubectl: kubectl.version, outputs: () => (begun ??= converse(api, kubectl)) };
  }),
);

function byVersion(a: Kubectl, b: Kubectl): number {
  return a.version.localeCompare(b.version, 'en', { numeric: true });
}

/** Most of the time kubectl waits, so the next one begins meanwhile. Whoever waits for it hears how it failed. */
function outputsIn(setting: Setting): Promise<Outputs> {
  const at = conversations.findIndex(({ api, kubectl }) => api === setting.api && kubectl === setting.kubectl);
  conversations[at + 1]?.outputs().catch(() => {});
  return conversations[at]!.outputs();
}

for (const api of ['v1beta1', 'v1alpha1'])
  describeWithKubectl(`a transcript on ${api}`, ({ version }) => {
    const setting = { api, kubectl: version };
    const isRecorded = pages.every(({ commands }) =>
      commands.every((command) => expectedIn(setting, command) !== undefined),
    );
    if (!isRecorded && !recording) return void it(`is left out: nobody has recorded kubectl ${version}`);
    let outputs: Outputs;

    before(async function () {
      this.timeout(300_000);
      outputs = await outputsIn(setting);
    });

    for (const { name, commands } of pages)
      it(`of ${name} says what was printed`, () => {
        if (recording) return;
        const wrong = commands.filter((command) => outputs.get(command) !== expectedIn(setting, command));
        const conversation = (textOf: (command: Command) => string | undefined): string =>
          wrong.map((command) => `$ ${command.command}\n${textOf(command)}`).join('');
        const said = conversation((command) => expectedIn(setting, command));
        expect(conversation((command) => outputs.get(command))).to.equal(said);
      });
  });

after(async () => {
  if (!recording) return;
  const heard = await Promise.all(conversations.map(async (each) => ({ ...each, outputs: await each.outputs() })));
  for (const { file, parts } of pages) {
    const recorded = parts.map((part) =>
      typeof part === 'string'
        ? part
        : {
            ...part,
            printed: printedIn(heard.map(({ api, kubectl, outputs }) => ({ api, kubectl, text: outputs.get(part)! }))),
          },
    );
    writeFileSync(join(folder, file), formatTranscript(recorded));
  }
});
