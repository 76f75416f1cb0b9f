/**
 * What takes more than commands one after the other: watches while others write, and what becomes of a cluster's children. What
 * commands print is in transcripts/.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { until } from '../apiserver/serving.ts';
import { clusterDocument, publishedCluster } from '../make/documents.ts';
import { Clone, type Shell } from './clone.ts';
import { describeWithKubectl } from './programs.ts';

/** A cluster of a catalog app, as a file of each version would have it. */
const spec = { app: 'spark211up' };
const files = {
  v1beta1: clusterDocument('demo', {
    ...spec,
    roles: [
      { id: 'controller', members: 1 },
      { id: 'worker', members: 2 },
    ],
  }),
  v1alpha1: publishedCluster('demo', {
    ...spec,
    roles: [
      { name: 'controller', replicas: 1 },
      { name: 'worker', replicas: 2 },
    ],
  }),
};

describeWithKubectl('kubectl', (kubectl) => {
  let clone: Clone;
  let shell: Shell;

  before(async function () {
    this.timeout(30_000);
    clone = new Clone(kubectl);
    await clone.start('--port=0');
    shell = clone.shell();
    await shell.run('export KUBECONFIG=$PWD/.kubedirector/kubeconfig');
    for (const [version, document] of Object.entries(files))
      writeFileSync(join(clone.folder, `${version}.json`), JSON.stringify(document));
  });
  after(async () => {
    await shell?.close();
    clone?.remove();
  });
  const run = (command: string): Promise<string> => shell.run(`kubectl ${command}`);
  const it30 = (title: string, test: () => Promise<void>): void => {
    it(title, test).timeout(30_000);
  };

  it30('applies the whole catalog, and then leaves it alone: all is unchanged (K-508)', async () => {
    const files = '-f catalog/apps/ -f catalog/clusters/';
    await run(`apply ${files}`);
    const lines = (await run(`apply ${files}`)).trim().split('\n');
    expect(lines.length).to.be.above(4);
    for (const line of lines) expect(line).to.match(/^\S+ unchanged$/);
    await run('delete -f catalog/clusters/');
  });

  for (const version of ['v1beta1', 'v1alpha1'] as const) {
    const kind = `kubedirectorclusters.${version}.kubedirector.bluedata.io`;

    describe(`on ${version}`, () => {
      it30('apply creates, and then leaves alone what is the same (K-507, K-508)', async () => {
        const name = 'kubedirectorcluster.kubedirector.bluedata.io/demo';
        expect(await run(`apply -f ${version}.json`)).to.equal(`${name} created\n`);
        expect(await run(`apply -f ${version}.json`)).to.equal(`${name} unchanged\n`);
        expect(await run(`wait --for=condition=Ready ${kind}/demo --timeout=20s`)).to.equal(`${name} condition met\n`);
      });

      it30('get -w tells what happens, until it is stopped (K-498)', async () => {
        const watched = join(clone.folder, `watched-${version}`);
        writeFileSync(watched, '');
        const told = (): string => readFileSync(watched, 'utf8');
        const watch = `kubectl get ${kind} -w -o jsonpath='{.metadata.labels.seen}{"\\n"}'`;
        await shell.run(`${watch} > ${watched} & watcher=$!`);
        await until(() => told().startsWith('\n'), 'what there is has been told', 20_000);
        await run(`label ${kind} demo seen=yes`);
        await until(() => told().includes('\nyes\n'), 'what happens then has been told', 20_000);
        await shell.run('kill $watcher; wait $watcher');
        await run(`label ${kind} demo seen-`);
      });

      it30('delete removes the cluster and all that belongs to it (K-517)', async () => {
        expect(await run(`delete ${kind} demo`)).to.match(/"demo" deleted/);
        const left =
          'get statefulsets,services,pods,persistentvolumeclaims -l kubedirector.bluedata.io/kdcluster=demo -o name';
        await shell.run(`until [ -z "$(kubectl ${left})" ]; do sleep 0.1; done`);
        expect(await run('get kdapps -o name')).to.have.length.above(0);
      });
    });
  }
});
