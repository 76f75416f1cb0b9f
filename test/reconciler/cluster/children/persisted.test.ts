/** Which directories live on the volume of a member, and that copying them there survives being cut short. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { persistedDirectories } from '../../../../openapi/persisted-directories.ts';
import { initContainer, progressScript } from '../../../../reconciler/cluster/children/persisted.ts';
import { progressText } from '../../../../reconciler/cluster/children/storage-progress.ts';
import type { EffectiveRole } from '../../../../reconciler/cluster/effective-role.ts';

const legacy = { packageURL: 'file:///a.tgz' };
const newLayout = { ...legacy, useNewSetupLayout: true };

describe('persisted directories', () => {
  for (const [name, setupPackage, persistDirs, expected] of [
    ['of a role without a package', undefined, [], ['/etc']],
    ['with a package', legacy, [], ['/etc', '/opt', '/usr']],
    [
      'with a package in the new layout',
      newLayout,
      [],
      ['/etc', '/opt/guestconfig', '/var/log/guestconfig', '/usr/local/bin', '/usr/local/lib'],
    ],
    ['the app may add some', legacy, ['/data', '/var/lib'], ['/etc', '/opt', '/usr', '/data', '/var/lib']],
    [
      'ours, when the app names them too',
      legacy,
      ['/usr', '/opt', '/var', '/data'],
      ['/etc', '/opt', '/usr', '/var', '/data'],
    ],
    [
      'none lies in another',
      newLayout,
      ['/usr', '/opt/guestconfig/x', '/var'],
      ['/etc', '/opt/guestconfig', '/usr', '/var'],
    ],
    ['one that only begins like another stays', undefined, ['/etcetera'], ['/etc', '/etcetera']],
    ['written in a roundabout way', undefined, ['/data/./x/../y', '/data/y'], ['/etc', '/data/y']],
  ] as const)
    it(name, () =>
      expect(persistedDirectories({ setupPackage, persistDirs } as unknown as EffectiveRole)).to.deep.equal(expected),
    );
});

describe('the copy of the init container', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'persisted-'));
    mkdirSync(join(folder, 'mnt'));
    mkdirSync(join(folder, 'image/sub'), { recursive: true });
    writeFileSync(join(folder, 'image/sub/file'), 'as shipped');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** The script itself, with the volume in a folder of ours. */
  const run = (env: NodeJS.ProcessEnv = {}) => {
    const image = join(folder, 'image');
    const [shell, flag, script, ...args] = initContainer({ name: 'app', image: 'i' }, [image]).command!;
    const here = script!.replaceAll('/mnt', join(folder, 'mnt'));
    return spawnSync(shell!, [flag!, here, ...args], { encoding: 'utf8', env: { ...process.env, ...env } });
  };
  const copied = () => join(folder, 'mnt', folder, 'image/sub/file');

  it('takes everything along', () => {
    expect(run().status).to.equal(0);
    expect(readFileSync(copied(), 'utf8')).to.equal('as shipped');
  });

  it('is made once: what a member has changed stays changed', () => {
    run();
    writeFileSync(copied(), 'changed by the member');
    expect(run().status).to.equal(0);
    expect(readFileSync(copied(), 'utf8')).to.equal('changed by the member');
  });

  it('says beside it how far it is, in kilobytes', async () => {
    writeFileSync(join(folder, 'image/large'), Buffer.alloc(3 * 1024 * 1024, 1));
    const total = join(folder, 'mnt/.kubedirector/.total');
    const saying = spawn('sh', ['-c', progressScript.replaceAll('/mnt', join(folder, 'mnt'))]);
    try {
      run();
      const [line] = (await once(saying.stdout, 'data')) as [Buffer];
      const [copied, wanted] = line.toString().split('\n')[0]!.split(' ').map(Number);
      expect(copied).to.be.at.least(3072);
      expect(wanted).to.equal(Number(readFileSync(total, 'utf8')));
      expect(wanted).to.be.within(3072, 3072 + 64);
      expect(progressText(line.toString().split('\n')[0]!)).to.match(/^\d\d% of [34] MiB$/);
    } finally {
      saying.kill();
    }
  });

  it('is made where the image cannot say how much there is', () => {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'du'), '#!/bin/sh\nexit 127\n', { mode: 0o755 });
    expect(run({ PATH: `${bin}:${process.env.PATH}` }).status).to.equal(0);
    expect(readFileSync(copied(), 'utf8')).to.equal('as shipped');
  });

  it('is made again when it failed, and says so', () => {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    // A cp that does nothing and is content with it.
    writeFileSync(join(bin, 'cp'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
    const failed = run({ PATH: `${bin}:${process.env.PATH}` });
    expect(failed.status).to.equal(1);
    expect(failed.stderr).to.match(/copied 1 of 3 files/);
    expect(run().status).to.equal(0);
    expect(execFileSync('cat', [copied()], { encoding: 'utf8' })).to.equal('as shipped');
  });
});
