/**
 * The commands that people use on any built-in kind, on ours: kubectl as judge, in both versions of the API.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
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
  const recent = Number(kubectl.version.split('.')[1]) >= 27;
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

  it30('api-resources lists our kinds with their short names (K-505)', async () => {
    const table = await run('api-resources --api-group=kubedirector.bluedata.io');
    expect(table).to.match(
      /^kubedirectorapps +kdapp,kda +kubedirector\.bluedata\.io\/v1beta1 +true +KubeDirectorApp$/m,
    );
    expect(table).to.match(/^kubedirectorclusters +kdcluster,kdc /m);
    expect(await run('api-versions')).to.contain(
      'kubedirector.bluedata.io/v1alpha1\nkubedirector.bluedata.io/v1beta1\n',
    );
  });

  it30('explain describes fields, with examples (K-504)', async () => {
    const text = await run('explain kubedirectorcluster.spec.roles');
    expect(text).to.contain('How many members the role has');
    const published = await run(
      'explain kubedirectorcluster.spec.roles --api-version=kubedirector.bluedata.io/v1alpha1',
    );
    expect(published).to.match(/replicas\s+<integer>/);
    if (recent) expect(await run('explain kdc --recursive')).to.match(/members\s+<integer>/);
  });

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
    const roleName = version === 'v1beta1' ? 'id' : 'name';
    const count = version === 'v1beta1' ? 'members' : 'replicas';

    describe(`on ${version}`, () => {
      it30('apply creates, and then leaves alone what is the same (K-507, K-508)', async () => {
        const name = 'kubedirectorcluster.kubedirector.bluedata.io/demo';
        expect(await run(`apply -f ${version}.json`)).to.equal(`${name} created\n`);
        expect(await run(`apply -f ${version}.json`)).to.equal(`${name} unchanged\n`);
        expect(await run(`wait --for=condition=Ready ${kind}/demo --timeout=20s`)).to.equal(`${name} condition met\n`);
      });

      it30('diff shows nothing when nothing differs, and what a change would change (K-511)', async () => {
        expect(await run(`diff -f ${version}.json`)).to.equal('');
        const changed = JSON.stringify(files[version]).replace(`"${count}":2`, `"${count}":5`);
        writeFileSync(join(clone.folder, 'changed.json'), changed);
        const diff = await run('diff -f changed.json');
        expect(diff)
          .to.match(new RegExp(`^-.*${count}: 2$`, 'm'))
          .and.to.match(new RegExp(`^\\+.*${count}: 5$`, 'm'));
      });

      it30('get prints yaml, json, names and jsonpath (K-495)', async () => {
        expect(await run(`get ${kind} demo -o yaml`)).to.contain(`apiVersion: kubedirector.bluedata.io/${version}\n`);
        expect(JSON.parse(await run(`get ${kind} demo -o json`)).spec.roles[1]).to.deep.equal({
          [roleName]: 'worker',
          [count]: 2,
        });
        expect(await run(`get ${kind} -o name`)).to.equal('kubedirectorcluster.kubedirector.bluedata.io/demo\n');
        expect(await run(`get ${kind} -o jsonpath='{.items[*].spec.app}'`)).to.equal('spark211up');
        expect(await run(`get ${kind} -l none=x`)).to.equal('No resources found in default namespace.\n');
        expect(await run(`get ${kind} -A --field-selector=spec.app=spark211up`)).to.match(
          /^NAMESPACE +NAME.*\ndefault +demo /,
        );
      });

      it30('get -w tells what happens, until it is stopped (K-498)', async () => {
        const watching = shell.run(`timeout 3 kubectl get ${kind} -w -o jsonpath='{.metadata.labels.seen}{"\\n"}'`);
        const other = clone.shell();
        await other.run('export KUBECONFIG=$PWD/.kubedirector/kubeconfig; sleep 1');
        await other.run(`kubectl label ${kind} demo seen=yes`);
        expect(await watching).to.match(/^\n(.*\n)*yes\n/);
        await other.run(`kubectl label ${kind} demo seen-`);
        await other.close();
      });

      it30('describe tells spec, status and events (K-503)', async () => {
        const text = await run(`describe ${kind} demo`);
        expect(text)
          .to.match(/^Name: +demo$/m)
          .and.to.match(/all 3 members are ready/)
          .and.to.match(/Events:\n +Type/);
      });

      it30('label, annotate and patch change what they say (K-515, K-516)', async () => {
        expect(await run(`label ${kind} demo tier=test`)).to.match(/ labeled\n$/);
        expect(await run(`annotate ${kind} demo note=hello`)).to.match(/ annotat?ed\n$/);
        expect(await run(`patch ${kind} demo --type=merge -p '{"metadata":{"labels":{"tier":null}}}'`)).to.match(
          / patched\n$/,
        );
        expect(await run(`get ${kind} demo -o jsonpath='{.metadata.labels} {.metadata.annotations.note}'`)).to.match(
          / hello$/,
        );
      });

      it30('edit takes a change from an editor, and takes a refusal back to it (K-512)', async () => {
        const edit = (from: string, to: string) =>
          shell.run(`KUBE_EDITOR='sed -i s/${from}/${to}/' kubectl edit ${kind} demo`);
        expect(await edit('serviceType:.*', 'serviceType:\\ ClusterIP')).to.match(/ edited\n$/);
        expect(await run(`get ${kind} demo -o jsonpath='{.spec.serviceType}'`)).to.equal('ClusterIP');
        expect(await edit('serviceType:.*', 'serviceType:\\ Magic')).to.match(/"demo" is invalid/);
      });

      it30('replace puts the file in the place of what is there (K-513)', async () => {
        expect(await run(`replace -f ${version}.json`)).to.match(/ replaced\n$/);
      });

      it30('scale refuses what it did not expect, and what the app does not allow (K-524)', async () => {
        expect(await run(`scale ${kind} demo --replicas=3 --current-replicas=2`)).to.match(/ scaled\n$/);
        expect(await run(`scale ${kind} demo --replicas=4 --current-replicas=2`)).to.match(
          /Expected replicas to be 2, was 3/i,
        );
        expect(await run(`scale ${kind} demo --replicas=-1`)).not.to.match(/ scaled\n$/);
      });

      it30('create refuses unknown fields, and a dry run writes nothing (K-506, K-530)', async () => {
        const odd = JSON.stringify({ ...files[version], metadata: { name: 'odd' } }).replace('"app"', '"zork":1,"app"');
        writeFileSync(join(clone.folder, 'odd.json'), odd);
        expect(await run('create -f odd.json')).to.match(/unknown field .*zork/);
        writeFileSync(join(clone.folder, 'dry.json'), odd.replace('"zork":1,', ''));
        expect(await run('create -f dry.json --dry-run=server')).to.match(/created \(server dry run\)\n$/);
        expect(await run(`get ${kind} odd`)).to.contain('not found');
      });

      it30('apply --server-side owns what it says, and asks before it takes what others own (K-257)', async () => {
        writeFileSync(join(clone.folder, 'own.json'), JSON.stringify({ ...files[version], metadata: { name: 'own' } }));
        const apply = 'apply --server-side --field-manager=me -f own.json';
        expect(await run(apply)).to.match(/ serverside-applied\n$/);
        const revision = await run(`get ${kind} own -o jsonpath={.metadata.resourceVersion}`);
        expect(await run(`scale ${kind} own --replicas=3`)).to.match(/ scaled\n$/);
        const refused = await run(apply);
        expect(refused).to.match(/Apply failed with 1 conflict: conflict with "kubectl" with subresource "scale"/);
        expect(refused).to.match(/\.spec\.roles\[(id|name)="worker"\]\.(members|replicas)/);
        expect(await run(`${apply} --force-conflicts`)).to.match(/ serverside-applied\n$/);
        expect(await run(`get ${kind} own -o jsonpath={.metadata.resourceVersion}`)).not.to.equal(revision);
        const managers = '-o jsonpath={.metadata.managedFields[*].manager}';
        expect((await run(`get ${kind} own ${managers}`)).split(' ')).to.include('me');
        await run(`delete ${kind} own`);
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
