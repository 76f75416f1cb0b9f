/** The same contents are the same image, to the byte: otherwise nobody could check what they were given. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, mkdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { writeImage } from '../../deploy/image/archive.ts';
import { layer, type Recipe } from '../../deploy/image/layer.ts';
import { digestOf, writeTar } from '../../deploy/image/tar.ts';
import { temporaryFolder } from '../storage/folder.ts';

const hasGnuTar = spawnSync('tar', ['--version']).stdout?.includes('GNU tar');
type Folder = Awaited<ReturnType<typeof temporaryFolder>>;

const config = { User: '65532:65532', Entrypoint: ['/usr/bin/node', '/app/main.js'], Cmd: ['serve'] };

const listing = (tar: string) => execFileSync('tar', ['-tvf', tar], { encoding: 'utf8', env: { TZ: 'UTC' } });
const fileIn = (tar: string, name: string) => execFileSync('tar', ['-xOf', tar, name], { encoding: 'utf8' });

describe('a container image', () => {
  if (!hasGnuTar) return void it('is left out: tar is not GNU tar');

  let folder: Folder;
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => folder.remove());

  /** Files that differ from those of another call in all but names and contents. */
  async function contents(name: string, order: readonly string[], mode: number, seconds: number): Promise<string> {
    const root = join(folder.path, name);
    await mkdir(join(root, 'app'), { recursive: true });
    for (const file of order) {
      await writeFile(join(root, 'app', file), `this is ${file}`);
      await chmod(join(root, 'app', file), mode);
      await utimes(join(root, 'app', file), seconds, seconds);
    }
    await symlink('b', join(root, 'app', 'link'));
    return root;
  }

  const tarOf = async (root: string): Promise<string> => {
    await writeTar(root, `${root}.tar`);
    return `${root}.tar`;
  };

  it('has layers that depend on neither order, time nor umask', async () => {
    const [one, other] = [
      await tarOf(await contents('one', ['a', 'b'], 0o644, 1)),
      await tarOf(await contents('other', ['b', 'a'], 0o600, 1e9)),
    ];
    expect(await digestOf(one)).to.equal(await digestOf(other));
    expect(listing(one)).to.match(/^-rw-r--r-- 0\/0 +9 1970-01-01 00:00 app\/a$/m);
  });

  it('has layers in which what can be executed stays so, and nothing else is added', async () => {
    const tar = await tarOf(await contents('programs', ['a'], 0o4700, 1));
    expect(listing(tar)).to.match(/^-rwxr-xr-x 0\/0 .* app\/a$/m);
  });

  it('is written twice as the same bytes', async () => {
    const layers = [await tarOf(await contents('files', ['a', 'b'], 0o644, 1))];
    const files = ['first.tar', 'second.tar'].map((name) => join(folder.path, name));
    const ids = await Promise.all(files.map((file) => writeImage({ names: ['us:1'], config, layers }, file)));
    expect(ids[0]).to.equal(ids[1]);
    expect(await readFile(files[0]!)).to.deep.equal(await readFile(files[1]!));
  });

  it('names its layers by their digests, the lowest first', async () => {
    const layers = [
      await tarOf(await contents('low', ['a'], 0o644, 1)),
      await tarOf(await contents('high', ['b'], 0o644, 1)),
    ];
    const file = join(folder.path, 'image.tar');
    const id = await writeImage({ names: ['us:1'], config, layers }, file);
    const digests = await Promise.all(layers.map(digestOf));
    const [manifest] = JSON.parse(fileIn(file, 'manifest.json'));
    expect(manifest.RepoTags).to.deep.equal(['us:1']);
    expect(manifest.Layers).to.deep.equal(digests.map((digest) => `${digest}.tar`));
    expect(manifest.Config).to.equal(`${id.replace('sha256:', '')}.json`);
    const configuration = JSON.parse(fileIn(file, manifest.Config));
    expect(configuration.config).to.deep.equal(config);
    expect(configuration.rootfs.diff_ids).to.deep.equal(digests.map((digest) => `sha256:${digest}`));
  });
});

describe('a layer of an image', () => {
  if (!hasGnuTar) return void it('is left out: tar is not GNU tar');

  let folder: Folder;
  let made: number;
  beforeEach(async () => {
    folder = await temporaryFolder();
    made = 0;
  });
  afterEach(() => folder.remove());

  const recipe = (text: string): Recipe => ({
    name: 'text',
    ingredients: [text],
    make: async (root) => {
      made++;
      await writeFile(join(root, 'text'), text);
    },
  });

  it('is made once of the same ingredients', async () => {
    const first = await layer(recipe('hello'), folder.path);
    expect(await layer(recipe('hello'), folder.path)).to.equal(first);
    expect(made).to.equal(1);
  });

  it('is another of other ingredients', async () => {
    const first = await layer(recipe('hello'), folder.path);
    expect(await layer(recipe('goodbye'), folder.path)).to.not.equal(first);
  });

  it('is not there when it could not be made', async () => {
    const broken: Recipe = { ...recipe('hello'), make: () => Promise.reject(new Error('no space')) };
    const error = await layer(broken, folder.path).catch((cause: Error) => cause);
    expect(error).to.be.instanceOf(Error);
    expect(fileIn(await layer(recipe('hello'), folder.path), 'text')).to.equal('hello');
  });

  it('is forgotten a week after its last use', async () => {
    const old = await layer(recipe('hello'), folder.path);
    await utimes(old, 1e9, 1e9);
    await layer(recipe('goodbye'), folder.path);
    expect(await rm(old).catch(({ code }) => code)).to.equal('ENOENT');
  });
});
