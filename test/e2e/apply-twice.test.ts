/**
 * `kubectl apply` of the same file again changes nothing: in the words of every release, on the client's side and on the server's.
 *
 * On the client's side kubectl compares the file with what the server shows. It says `unchanged` of files in a spelling that a version
 * emits; of any other it says `configured`, sends what it would change, and nothing comes of that.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { issueClientCertificate } from '../../apiserver/serving/certificates.ts';
import { kubeconfig } from '../../deploy/commands/sandbox/kubeconfig.ts';
import { authority, startServer, type TestServer } from '../apiserver/serving.ts';
import { appDocument, appsPath, clusterDocument, clustersPath } from '../make/documents.ts';
import { describeWithKubectl } from './programs.ts';

const dialects = join(import.meta.dirname, '..', 'apiserver', 'dialects');
const mergePatch = 'application/merge-patch+json';

/** Release → whether it is spelled as a version emits it. */
const releases = { 'seed-2018': true, '0.1.0': false, '0.2.0': false, '0.3.x': false, final: true };
const sides = { "the client's side": [], "the server's side": ['--server-side'] };

describeWithKubectl('kubectl apply twice', ({ path }) => {
  let server: TestServer;
  const folder = mkdtempSync(join(tmpdir(), 'kubedirector-apply-'));
  before(async () => {
    server = await startServer();
    const ca = await authority;
    const identity = await issueClientCertificate(ca, 'admin', ['system:masters']);
    writeFileSync(join(folder, 'kubeconfig'), kubeconfig(server.url, ca.cert, 'admin', identity));
  });
  after(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  /** @returns the last word of each line that kubectl prints about an object: `created`, `unchanged` … */
  async function apply(file: string, namespace: string, flags: readonly string[]): Promise<string[]> {
    const env = { ...process.env, HOME: folder, KUBECONFIG: join(folder, 'kubeconfig') };
    const args = ['apply', ...flags, '--namespace', namespace, '-f', file];
    const { stdout } = await promisify(execFile)(path, args, { env });
    return stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' ').at(-1)!);
  }
  const everything = async (namespace: string): Promise<Record<string, unknown>[]> => {
    const answers = await Promise.all(
      [appsPath, clustersPath].map((all) => server.admin.ask(all.replace('/default/', `/${namespace}/`))),
    );
    return answers.flatMap(({ body }) => body.items);
  };
  let namespaces = 0;
  const fresh = (): string => {
    namespaces += 1;
    return `shop-${namespaces}`;
  };

  for (const [side, flags] of Object.entries(sides))
    for (const [release, isEmitted] of Object.entries(releases))
      it(`of a file of ${release}, on ${side}, writes nothing the second time (K-508)`, async () => {
        const [namespace, file] = [fresh(), join(dialects, `${release}.yaml`)];
        const first = await apply(file, namespace, flags);
        const once = await everything(namespace);
        const second = await apply(file, namespace, flags);
        const said = flags.length
          ? ['serverside-applied', 'serverside-applied']
          : ['created', isEmitted ? 'unchanged' : 'configured'];
        expect(first).to.deep.equal([said[0], said[0]]);
        expect(second).to.deep.equal([said[1], said[1]]);
        expect(once).to.have.length(2);
        expect(await everything(namespace)).to.deep.equal(once);
      }).timeout(30_000);

  for (const [side, flags] of Object.entries(sides))
    it(`of a file that is put into the words of one release after the other, on ${side}, changes no spec`, async () => {
      const namespace = fresh();
      const specs = async () => (await everything(namespace)).map(({ kind, spec }) => ({ kind, spec }));
      const [first, ...others] = [
        ...Object.keys(releases),
        ...Object.keys(releases).reverse(),
        '0.2.0',
        '0.1.0',
        '0.3.x',
      ];
      await apply(join(dialects, `${first}.yaml`), namespace, flags);
      const once = await specs();
      for (const release of others) {
        await apply(join(dialects, `${release}.yaml`), namespace, flags);
        expect(await specs(), release).to.deep.equal(once);
      }
    }).timeout(60_000);

  for (const [side, flags] of Object.entries(sides))
    it(`leaves what the server has filled in, and how many members a role has been given, on ${side}`, async () => {
      const namespace = fresh();
      const file = join(folder, `${namespace}.json`);
      const cluster = clusterDocument('demo', { roles: [{ id: 'head' }, { id: 'worker' }] });
      writeFileSync(file, `${JSON.stringify(appDocument())}\n${JSON.stringify(cluster)}\n`);
      await apply(file, namespace, flags);
      const once = await everything(namespace);
      await apply(file, namespace, flags);
      expect(await everything(namespace)).to.deep.equal(once);

      const scale = `${clustersPath.replace('/default/', `/${namespace}/`)}/demo/scale`;
      const grown = await server.admin.ask(scale, {
        method: 'PATCH',
        body: { spec: { replicas: 5 } },
        type: mergePatch,
      });
      expect(grown.code, grown.text).to.equal(200);
      await apply(file, namespace, flags);
      expect((await server.admin.ask(scale)).body.spec.replicas).to.equal(5);
    }).timeout(30_000);
});
