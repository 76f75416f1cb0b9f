/**
 * Members that are told what has happened: each thing once, in its order, word for word, and within its time.
 */
import { expect } from 'chai';
import type { UpdateCall } from '../../../openapi/guest/calls.ts';
import { anUpdate, aSetup, container, givePackage, runsOf, writesDown } from './member/calls.ts';
import { inMember } from './member/in-member.ts';
import { type Answer, type Member, until } from './member/member.ts';
import { describeInMembers, type System } from './member/systems.ts';

const configmetaPath = '/etc/guestconfig/configmeta.json';

/** A member that is set up, whose script does this from then on. */
const inReadyMember = (system: System, script: string, story: (member: Member) => Promise<void>) =>
  inMember(system, async (member) => {
    await givePackage(member, `[ "$1" != --configure ] || exit 0\n${script}`);
    expect((await member.call(aSetup())).result).to.equal('ok');
    await story(member);
  });

const told = ({ reports }: Answer): string[] =>
  reports.flatMap((report) => {
    if (report.type === 'notified') return [`${report.id} ${report.exitCode}`];
    return report.type === 'reconnected' ? [`reconnected ${report.exitCode}`] : [];
  });

const tell = (...ids: readonly string[]): Partial<UpdateCall> => ({
  notifications: ids.map((id) => ({ id, arguments: ['--told', id] })),
});

describeInMembers('a member that is told what has happened', (system) => {
  it(
    'has the new configmeta before, and hears every word of it as it was said',
    inReadyMember(system, `${writesDown}; cat ${configmetaPath} >>/srv/runs`, async (member) => {
      const first = ['--addnodes', '--nodegroup', '1', '--role', 'wörker', '--fqdns', 'a.b,c.d'];
      const hostile = [
        '',
        ' two  words ',
        "it's",
        '"',
        '$(touch /srv/pwned)',
        '`id`',
        '\\n',
        '-n',
        '*',
        ';reboot',
        '--',
      ];
      const notifications = [
        { id: 'n1', arguments: first },
        { id: 'n2', arguments: hostile },
        { id: 'n3', arguments: [] },
      ];
      const answer = await member.call(anUpdate({ notifications, reconnect: 'r1' }));
      expect(answer.result).to.equal('ok');
      expect(told(answer)).to.deep.equal(['n1 0', 'n2 0', 'n3 0', 'reconnected 0']);
      const line = (words: readonly string[]) => ['ran', ...words.map((word) => `[${word}]`)].join(' ');
      const runs = [line(first), line(hostile), line([]), line(['--reconnect'])];
      expect(await runsOf(member)).to.deep.equal(runs.flatMap((run) => [run, '{"version":"8"}']));
      expect(member.exists('/srv/pwned')).to.equal(false);
    }),
  );

  it(
    'hears each notification once, also when it is asked twice at the same time',
    inReadyMember(system, `${writesDown}; sleep 0.3`, async (member) => {
      const answers = await Promise.all([1, 2].map(() => member.call(anUpdate({ ...tell('a', 'b'), reconnect: '1' }))));
      const heard = answers.map(told).sort();
      expect(heard).to.deep.equal([
        ['a 0', 'b 0', 'reconnected 0'],
        ['a skipped', 'b skipped', 'reconnected 0'],
      ]);
      expect(answers.some(({ phases }) => phases.includes('waiting'))).to.equal(true);
      expect(told(await member.call(anUpdate(tell('b', 'c'))))).to.deep.equal(['b skipped', 'c 0']);
      expect(await runsOf(member)).to.deep.equal([
        ...['ran [--told] [a]', 'ran [--told] [b]', 'ran [--reconnect]', 'ran [--told] [c]'],
      ]);
    }),
  );

  it(
    'hears one that it failed to take again when it is told again, and the others all the same',
    inReadyMember(system, `${writesDown}; echo said $2; [ "$2" != b ] || [ -e /srv/mended ]`, async (member) => {
      const answer = await member.call(anUpdate(tell('a', 'b', 'c')));
      expect(answer.result).to.equal('ok');
      expect(told(answer)).to.deep.equal(['a 0', 'b 1', 'c 0']);
      const outputs = answer.reports.filter(({ type }) => type === 'output');
      expect(outputs).to.deep.equal([
        { type: 'output', stream: 'stdout', text: 'said b\n' },
        { type: 'output', stream: 'stderr', text: '' },
      ]);
      await member.write('/srv/mended', '');
      expect(told(await member.call(anUpdate(tell('a', 'b', 'c'))))).to.deep.equal(['a skipped', 'b 0', 'c skipped']);
      expect(await runsOf(member)).to.have.length(4);
    }),
  );

  it(
    'is stopped at its deadline, with all that it started, and goes on with the next',
    inReadyMember(
      system,
      `${writesDown}; [ "$2" = slow ] || exit 0; trap '' TERM; sleep 98765 & echo begun; sleep 98765`,
      async (member) => {
        // What it does not heed is waited for no longer than this; busybox has a sleep of its own.
        const short = '#!/bin/sh\n[ "$1" != 10 ] || set -- 0.2\nexec /usr/bin/sleep "$1"\n';
        if (system !== 'busybox') await member.write('/usr/local/bin/sleep', short, 0o755);
        const answer = await member.call(anUpdate({ ...tell('slow', 'next'), deadlineSeconds: 1 }));
        expect(told(answer)).to.deep.equal(['slow 124', 'next 0']);
        expect(answer.reports).to.deep.include({ type: 'output', stream: 'stdout', text: 'begun\n' });
        expect(await member.sh('cat /proc/[0-9]*/cmdline | tr "\\0" " "')).not.to.match(/98765|sleep 1 /);
      },
    ),
  );

  it(
    'keeps what a script that was quick has left running',
    inReadyMember(system, 'sleep 98765 & exit 0', async (member) => {
      expect(told(await member.call(anUpdate({ ...tell('a'), deadlineSeconds: 3600 })))).to.deep.equal(['a 0']);
      const processes = await member.sh('cat /proc/[0-9]*/cmdline | tr "\\0" " "');
      expect(processes).to.contain('sleep 98765').and.not.to.contain('3600');
    }),
  );

  it(
    'keeps what became of --reconnect apart from what became of --configure, and reconnects to a version once',
    inReadyMember(system, `${writesDown}; echo out; echo err >&2; [ -e /srv/mended ] || exit 3`, async (member) => {
      const first = await member.call(anUpdate({ reconnect: '7' }));
      expect(first.result).to.equal('ok');
      expect(told(first)).to.deep.equal(['reconnected 3']);
      expect(first.reports).to.deep.include({ type: 'output', stream: 'stderr', text: 'err\n' });
      expect(await member.read('/opt/guestconfig/configure.status')).to.equal(`${container}=0`);
      expect(await member.read('/opt/guestconfig/reconnect.status')).to.equal(`${container}=3`);
      expect(await member.read('/opt/guestconfig/reconnect.stdout')).to.equal('out\n');
      await member.write('/srv/mended', '');
      for (const version of ['7', '7', '8'])
        expect(told(await member.call(anUpdate({ reconnect: version })))).to.deep.equal(['reconnected 0']);
      expect(await runsOf(member)).to.have.length(3);
    }),
  );

  it(
    'does not go back to an older configuration',
    inReadyMember(system, ':', async (member) => {
      await member.call(anUpdate({ generation: 9, configmeta: 'nine' }));
      expect((await member.call(anUpdate({ generation: 8, configmeta: 'eight' }))).result).to.equal('ok');
      expect(await member.read(configmetaPath)).to.equal('nine');
    }),
  );

  it(
    'never shows half a configmeta to those who read it',
    inReadyMember(system, ':', async (member) => {
      const text = (generation: number) => `${`${generation}`.repeat(300_000)}\n`;
      await member.call(anUpdate({ generation: 2, configmeta: text(2) }));
      let calls: Promise<unknown> | undefined = Promise.all(
        [3, 4, 5].map((generation) => member.call(anUpdate({ generation, configmeta: text(generation) }))),
      ).finally(() => {
        calls = undefined;
      });
      const seen = new Set<string>();
      await until(async () => {
        seen.add(await member.read(configmetaPath));
        return calls === undefined;
      });
      for (const document of seen) expect(document).to.equal(text(Number(document[0])));
      expect(await member.read(configmetaPath)).to.equal(text(5));
    }),
  );

  it(
    'forgets old updates, and not what it was told in them',
    inReadyMember(system, writesDown, async (member) => {
      for (let i = 0; i < 26; i++) await member.call(anUpdate(tell(`n${i}`)));
      const room = '/opt/guestconfig/.kubedirector/*';
      expect(Number(await member.sh('find /opt/guestconfig/.kubedirector -name ".claim.*" | wc -l'))).to.be.within(
        1,
        23,
      );
      expect(Number(await member.sh(`ls -d ${room}/job.* | wc -l`))).to.be.below(24);
      expect(told(await member.call(anUpdate(tell('n0', 'n25'))))).to.deep.equal(['n0 skipped', 'n25 skipped']);
      expect((await member.call(aSetup())).result).to.equal('ok');
    }),
  );

  it(
    'fails when it was never set up',
    inMember(system, async (member) => {
      const answer = await member.call(anUpdate(tell('a')));
      expect(answer.result).to.equal(
        'failed member there is no startscript in /opt/guestconfig: the member has not been set up',
      );
      expect((await member.call(anUpdate())).result).to.equal('ok');
    }),
  );
});
