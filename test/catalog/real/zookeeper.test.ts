/**
 * The ZooKeeper of the catalog, as its image has it: an ensemble comes together, takes new members, lets members go, and keeps what it
 * was told.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { setupFiles } from '../configmeta.ts';
import { Member, type Output } from './member.ts';
import { systemOf } from './systems.ts';
import { waitFor } from './wait.ts';

const hostOf = (id: number): string => `zk-${id}.demo.team.svc.cluster.local`;
const addressOf = (id: number): string => `127.0.81.${id}`;
const hosts = ['127.0.0.1 localhost', ...[1, 2, 3, 4].map((id) => `${addressOf(id)} ${hostOf(id)}`), ''].join('\n');

describe('an ensemble of ZooKeeper', function () {
  this.timeout(300_000);
  let folder: string;
  let system: string;
  const members = new Map<number, Member>();
  before(async () => {
    system = await systemOf('zookeeper');
    folder = mkdtempSync('/tmp/kubedirector-zookeeper-');
  });
  after(async () => {
    for (const member of members.values()) await member.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = async (id: number): Promise<void> => {
    const host = hostOf(id);
    members.set(id, await Member.start({ host, folder: join(folder, String(id)), system, setup: 'zookeeper', hosts }));
  };
  /** Runs the start script of a member, in a cluster of these. */
  const tell = (id: number, present: readonly number[], ...args: string[]): Promise<Output> => {
    const roles = { server: present.map((one) => [one, hostOf(one)] as const) };
    return members.get(id)!.startscript(args, setupFiles(id, { distro: 'kubedirector/zookeeper', roles }));
  };
  const expectDone = ({ code, stdout, stderr }: Output, id: number): void => {
    expect(code, `${stdout}${stderr}${members.get(id)?.log}`).to.equal(0);
  };
  const ask = async (id: number, word: string): Promise<string> => {
    const command = `printf ${word} | nc.openbsd -w 2 ${hostOf(id)} 2181`;
    return (await members.get(id)!.exec(['sh', '-c', command])).stdout;
  };
  const votersSeenBy = async (id: number): Promise<number[]> =>
    [...(await ask(id, 'conf')).matchAll(/^server\.(\d+)=.*:participant/gm)].map(([, one]) => Number(one)).sort();
  const modeOf = async (id: number): Promise<string | undefined> => /Mode: (\w+)/.exec(await ask(id, 'srvr'))?.[1];
  const cli = async (id: number, command: string): Promise<string> => {
    const script = `jars=$(sed -n 's/.*-cp "\\([^"]*\\)".*/\\1/p' /etc/kubedirector/service)
      java=$(ls /usr/lib/jvm/*/bin/java | head -n 1)
      "$java" -cp "$jars" -Dorg.slf4j.simpleLogger.defaultLogLevel=error org.apache.zookeeper.ZooKeeperMain -server ${hostOf(id)}:2181 ${command} 2>&1`;
    return (await members.get(id)!.exec(['sh', '-c', script])).stdout;
  };

  /** Three again, so that two decide while one is away. */
  const bringBackTheThird = async (): Promise<void> => {
    await members.get(3)!.remove();
    await start(3);
    expectDone(await tell(3, [1, 2, 3], '--configure'), 3);
  };

  it('comes together, whoever begins', async () => {
    for (const id of [1, 2, 3]) await start(id);
    const present = [1, 2, 3];
    const configured = [3, 2, 1].map(async (id) => expectDone(await tell(id, present, '--configure'), id));
    await Promise.all(configured);
    for (const id of present) expect(await votersSeenBy(id)).to.deep.equal(present);
    const modes = await Promise.all(present.map(modeOf));
    expect(modes.sort()).to.deep.equal(['follower', 'follower', 'leader']);
  });

  it('keeps what it is told, on all members', async () => {
    expect(await cli(1, 'create /greeting hello')).to.contain('Created /greeting');
    expect(await cli(3, 'get /greeting')).to.contain('hello');
  });

  it('takes a new member without a restart of another', async () => {
    const before = members.get(1)!.read('/run/kubedirector/service.pid');
    await start(4);
    const present = [1, 2, 3, 4];
    expectDone(await tell(4, present, '--configure'), 4);
    for (const id of [1, 2, 3]) {
      const fqdns = ['--fqdns', hostOf(4)];
      expectDone(await tell(id, present, '--addnodes', '--nodegroup', '1', '--role', 'server', ...fqdns), id);
    }
    for (const id of present) expect(await votersSeenBy(id)).to.deep.equal(present);
    expect(await cli(4, 'get /greeting')).to.contain('hello');
    expect(members.get(1)!.read('/run/kubedirector/service.pid')).to.equal(before);
  });

  it('lets members go, and still decides', async () => {
    const present = [1, 2];
    for (const id of present) {
      const fqdns = ['--fqdns', `${hostOf(3)},${hostOf(4)}`];
      expectDone(await tell(id, present, '--delnodes', '--nodegroup', '1', '--role', 'server', ...fqdns), id);
    }
    expect(await votersSeenBy(2)).to.deep.equal(present);
    for (const id of [3, 4]) await members.get(id)!.stop();
    expect(await cli(2, 'create /later yes')).to.contain('Created /later');
  });

  it('finds itself again after a restart with volumes', async () => {
    for (const id of [1, 2]) await members.get(id)!.stop();
    for (const id of [1, 2]) await start(id);
    await waitFor(async () => [await modeOf(1), await modeOf(2)].includes('leader'));
    expect(await cli(1, 'get /greeting')).to.contain('hello');
    for (const id of [1, 2]) expectDone(await tell(id, [1, 2], '--configure'), id);
  });

  it('takes back the member that began it, though its data is gone', async () => {
    await bringBackTheThird();
    await members.get(1)!.remove();
    await start(1);
    expectDone(await tell(1, [1, 2, 3], '--configure'), 1);
    await waitFor(async () => (await modeOf(1)) === 'follower');
    expect(await cli(1, 'get /greeting')).to.contain('hello');
  });
});
