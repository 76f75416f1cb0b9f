/**
 * Setup packages of the catalog as archives: each is what a member expects, and every app that names one finds it in its image.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { decodeYaml } from '../../apiserver/codec/yaml.ts';
import { archiveAll, imageDefinition, setupPackages } from '../../deploy/image/catalog.ts';
import { run } from '../../deploy/image/programs.ts';
import type { KubeDirectorApp } from '../../openapi/v1beta1/kubedirectorapp.ts';

const catalog = join(import.meta.dirname, '../../catalog');

describe('the setup packages of the catalog', function () {
  this.timeout(60_000);
  let folder: string;
  let digests: ReadonlyMap<string, string>;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kubedirector-packages-'));
    digests = await archiveAll(folder);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('are the same bytes whenever they are made', async () => {
    const again = join(folder, 'again');
    expect(await archiveAll(again)).to.deep.equal(digests);
  });

  it('have one folder each, with a start script that may be run and what it reads', async () => {
    for (const name of await setupPackages()) {
      const listing = await run('tar', ['--list', '--verbose', '--gzip', `--file=${join(folder, `${name}.tgz`)}`]);
      const entries = listing.trim().split('\n');
      expect(entries.every((entry) => entry.includes(` ${name}/`))).to.equal(true);
      expect(listing).to.match(new RegExp(`^-rwxr-xr-x 0/0 .* ${name}/startscript$`, 'm'));
      expect(listing).to.match(new RegExp(`^-rw-r--r-- 0/0 .* ${name}/members.sh$`, 'm'));
    }
  });

  it('are those that the images have, and that the apps name', async () => {
    const apps = readdirSync(join(catalog, 'apps')).map(
      (file) => decodeYaml(readFileSync(join(catalog, 'apps', file))).value as KubeDirectorApp,
    );
    const images = readdirSync(join(catalog, 'images')).filter((file) => file.endsWith('.json'));
    expect(images.map((file) => file.replace('.json', ''))).to.deep.equal(await setupPackages());
    for (const file of images) {
      const { name, setup, base, packages } = await imageDefinition(file.replace('.json', ''));
      expect([base, packages].filter(Boolean), file).to.have.length(1);
      const app = apps.find(({ spec }) => spec.defaultImageRepoTag === name);
      expect(app?.spec.defaultConfigPackage?.packageURL, name).to.equal(`file:///opt/kubedirector/${setup}.tgz`);
    }
  });
});
