/**
 * Apps of the catalog whose images are Debian's, as their images have them: set up by their packages, they answer.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Described, setupFiles } from '../configmeta.ts';
import { Member, type Output } from './member.ts';
import { systemOf } from './systems.ts';
import { waitFor } from './wait.ts';

const filesFor = (described: Described): Record<string, string> => setupFiles(1, described);
const expectDone = ({ code, stdout, stderr }: Output): void => expect(code, stdout + stderr).to.equal(0) as never;

function memberOf(app: string): { member(): Member; again(): Promise<void> } {
  let member: Member;
  let folder: string;
  let system: string;
  const start = async (): Promise<void> => {
    member = await Member.start({ host: 'one', folder: join(folder, 'one'), system, setup: app });
  };
  before(async function () {
    this.timeout(300_000);
    folder = mkdtempSync(`/tmp/kubedirector-${app}-`);
    system = await systemOf(app);
    await start();
  });
  after(async () => {
    await member?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    member: () => member,
    again: async () => {
      await member.stop();
      await start();
    },
  };
}

const fetched = async (member: Member, path: string, token = ''): Promise<string> => {
  const program = `import sys, urllib.request
request = urllib.request.Request(sys.argv[1], headers={'Authorization': 'token ' + sys.argv[2]})
try:
    print(urllib.request.urlopen(request, timeout=10).read().decode())
except urllib.error.HTTPError as error:
    print(error.code)`;
  return (await member.exec(['python3', '-c', program, `http://127.0.0.1:${path}`, token])).stdout;
};

describe('hello', function () {
  this.timeout(60_000);
  const { member, again } = memberOf('hello');
  const present = (...ids: number[]): Described => ({
    distro: 'kubedirector/hello',
    roles: { hello: ids.map((id) => [id, `hello-${id}.demo`] as const) },
    constants: { greeting: 'Good morning.' },
  });

  it('names the members of its cluster', async () => {
    expectDone(await member().startscript(['--configure'], filesFor(present(1, 2))));
    await waitFor(async () => (await fetched(member(), '8080/index.txt')).includes('hello-1.demo'));
    expect(await fetched(member(), '8080/index.txt')).to.equal(
      'Hello from hello-1.demo, member 1 of the cluster demo.\nGood morning.\n\nMembers:\n1 hello-1.demo\n2 hello-2.demo\n\n',
    );
  });

  it('learns of new ones, and of those that go', async () => {
    expectDone(await member().startscript(['--addnodes', '--role', 'hello'], filesFor(present(1, 2, 3))));
    expect(await fetched(member(), '8080/index.txt')).to.contain('3 hello-3.demo');
    expectDone(await member().startscript(['--delnodes', '--role', 'hello'], filesFor(present(1))));
    expect(await fetched(member(), '8080/index.txt')).not.to.contain('2 hello-2.demo');
  });

  it('goes on after a restart with a volume', async () => {
    await again();
    await waitFor(async () => (await fetched(member(), '8080/index.txt')).includes('hello-1.demo'));
  });

  it('says what it does not know', async () => {
    const { code, stderr } = await member().startscript(['--dance'], {});
    expect(code).to.equal(1);
    expect(stderr).to.equal('unknown: --dance\n');
  });
});

describe('a Jupyter notebook', function () {
  this.timeout(120_000);
  const { member, again } = memberOf('jupyter');
  const token = `it's a "token"`;
  const described: Described = {
    distro: 'kubedirector/jupyter',
    roles: { notebook: [[1, 'jupyter-1.demo']] },
  };

  it('is not set up without a token', async () => {
    const { code, stderr } = await member().startscript(['--configure'], filesFor(described));
    expect(code).to.equal(1);
    expect(stderr).to.contain('there is no token');
  });

  it('answers to whoever has its token', async () => {
    expectDone(
      await member().startscript(['--configure'], filesFor({ ...described, tokens: { notebook: 'f343b0931126' } })),
    );
    expect(await fetched(member(), '8888/api/contents', 'f343b0931126')).to.contain('"type": "directory"');
    expect(await fetched(member(), '8888/api/contents', 'guessed')).to.contain('403');
  });

  it('takes the token that its cluster has, whatever is in it', async () => {
    expectDone(await member().startscript(['--configure'], filesFor({ ...described, secrets: { token } })));
    await waitFor(async () => (await fetched(member(), '8888/api/contents', token)).includes('"type": "directory"'));
  });

  it('has kernels that run, and not as root', async () => {
    const program = `from jupyter_client.manager import start_new_kernel
manager, client = start_new_kernel()
reply = client.execute_interactive('import os; print(os.getuid())', timeout=60)
manager.shutdown_kernel(now=True)`;
    const drop = ['setpriv', '--reuid=64100', '--regid=64100', '--clear-groups', 'env', 'HOME=/srv/notebooks'];
    const { code, stdout, stderr } = await member().exec([...drop, 'python3', '-c', program]);
    expect(code, stderr).to.equal(0);
    expect(stdout.trim()).to.equal('64100');
    const { stdout: users } = await member().exec(['sh', '-c', 'ps -eo user:20,args | grep [j]upyter-notebook']);
    expect(users).to.match(/^(64100|jupyter) /);
  });

  it('goes on after a restart with a volume', async () => {
    await again();
    await waitFor(async () => (await fetched(member(), '8888/api/contents', token)).includes('"type": "directory"'));
  });
});
