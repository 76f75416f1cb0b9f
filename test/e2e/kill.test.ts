/**
 * kill -9 at any moment, and a start on the same folder: nothing that was acknowledged is lost.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Pool } from 'undici';
import { clusterDocument, clustersPath } from '../make/documents.ts';
import { Clone } from './clone.ts';

interface Kubeconfig {
  clusters: { cluster: { server: string; 'certificate-authority-data': string } }[];
  users: { user: { 'client-certificate-data': string; 'client-key-data': string } }[];
}

const plain = (base64: string): string => Buffer.from(base64, 'base64').toString();

/** Connections as the sandbox's kubeconfig says. */
function connect(folder: string): Pool {
  const { clusters, users } = JSON.parse(
    readFileSync(join(folder, '.kubedirector', 'kubeconfig'), 'utf8'),
  ) as Kubeconfig;
  const { server, 'certificate-authority-data': ca } = clusters[0]!.cluster;
  const { 'client-certificate-data': cert, 'client-key-data': key } = users[0]!.user;
  return new Pool(server, { connect: { ca: plain(ca), cert: plain(cert), key: plain(key) } });
}

async function call(
  pool: Pool,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
): Promise<{ code: number; text: string }> {
  const headers = { 'content-type': 'application/json' };
  const response = await pool.request({
    method,
    path,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { code: response.statusCode, text: await response.body.text() };
}

describe('a sandbox that is killed', () => {
  let clone: Clone;
  before(() => {
    clone = new Clone();
  });
  after(() => clone.remove());

  for (const [round, afterMs] of [150, 400, 900].entries())
    it(`${afterMs} ms after the first of many clusters has them all again, and goes on with them`, async function () {
      this.timeout(60_000);
      await clone.start('--port=0');
      const pool = connect(clone.folder);
      const acknowledged: string[] = [];
      const first = Promise.withResolvers<void>();
      let running = true;
      const createAll = async (worker: number): Promise<void> => {
        for (let i = 0; running; i += 1) {
          const name = `k${round}-${worker}-${i}`;
          const document = clusterDocument(name, {
            app: 'spark211up',
            roles: [{ id: 'controller' }, { id: 'worker', members: 1 }],
          });
          const { code } = await call(pool, 'POST', clustersPath, document);
          if (code !== 201) continue;
          acknowledged.push(name);
          first.resolve();
        }
      };
      const workers = Array.from({ length: 4 }, (_, worker) => createAll(worker).catch(() => {}));
      await first.promise;
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      clone.signal('SIGKILL');
      await Promise.all(workers);
      running = false;
      await pool.destroy();
      expect(acknowledged).not.to.have.length(0);

      await clone.start('--port=0');
      const again = connect(clone.folder);
      const { text } = await call(again, 'GET', clustersPath);
      const found = new Set(
        (JSON.parse(text) as { items: { metadata: { name: string } }[] }).items.map(({ metadata }) => metadata.name),
      );
      expect(acknowledged.filter((name) => !found.has(name))).to.deep.equal([]);
      await again.destroy();
      clone.signal('SIGKILL');
    });

  it('lets only one process at its folder, and says who has it', async function () {
    this.timeout(30_000);
    await clone.start('--port=0');
    const args = ['deploy/main.ts', 'sandbox', '--port=0'];
    expect(() => execFileSync(process.execPath, args, { cwd: clone.folder, encoding: 'utf8', stdio: 'pipe' })).to.throw(
      /is in use by process \d+/,
    );
  });
});
