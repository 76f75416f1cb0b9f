/**
 * Calls that are broken off, made twice, or whose processes are killed: a script runs once all the same, and whoever asks learns how
 * it ended.
 */
import { expect } from 'chai';
import { anUpdate, aSetup, container, givePackage, runsOf, writesDown } from './member/calls.ts';
import { inMember } from './member/in-member.ts';
import { type Member, until } from './member/member.ts';
import { serve } from './member/servers.ts';
import { describeInMembers } from './member/systems.ts';

const statusPath = '/opt/guestconfig/configure.status';
/** Goes on when the test lets it. */
const waits = `${writesDown}; until [ -e /srv/go ]; do sleep 0.05; done; echo waited`;
const letGo = (member: Member) => member.write('/srv/go', '');
const running = (member: Member) => until(async () => (await runsOf(member)).length > 0);

/** Numbers, within the container, of processes whose command line contains a text. */
async function pidsOf(member: Member, text: string): Promise<string[]> {
  const list = await member.sh(
    'for f in /proc/[0-9]*; do printf "%s " "$(basename $f)"; tr "\\0\\n" "  " <$f/cmdline; echo; done 2>/dev/null',
  );
  return list
    .split('\n')
    .filter((line) => line.includes(text) && !line.includes('for f in'))
    .map((line) => line.split(' ')[0]!);
}

const workers = (member: Member) => pidsOf(member, 'kubedirector-guest /opt/');
const callers = async (member: Member) => {
  const all = await pidsOf(member, 'kubedirector-guest');
  const those = await workers(member);
  return all.filter((pid) => !those.includes(pid));
};

async function kill(member: Member, pids: readonly string[]): Promise<void> {
  expect(pids).not.to.deep.equal([]);
  await member.sh('kill -9 "$@"', ...pids);
}

describeInMembers('a call that is interrupted', (system) => {
  it(
    'is made once when it is made twice at the same time, and both learn how it ended',
    inMember(system, async (member) => {
      await givePackage(member, `${waits}; exit 5`);
      const calls = [1, 2, 3].map(() => member.call(aSetup()));
      await running(member);
      await letGo(member);
      for (const answer of await Promise.all(calls)) {
        expect(answer.result).to.equal('failed script 5');
        expect(answer.reports).to.deep.include({ type: 'output', stream: 'stdout', text: 'waited\n' });
      }
      expect(await runsOf(member)).to.have.length(1);
    }),
  );

  it(
    'waits for another attempt that is at work, and takes its success',
    inMember(system, async (member) => {
      await givePackage(member, waits);
      const first = member.call(aSetup());
      await running(member);
      let waiting = false;
      const second = member.call(aSetup({ attempt: 2 }), {
        heard: (report) => {
          waiting ||= report.type === 'phase' && report.phase === 'waiting';
        },
      });
      await until(() => waiting);
      await letGo(member);
      expect((await first).result).to.equal('ok');
      expect((await second).result).to.equal('ok');
      expect(await runsOf(member)).to.have.length(1);
    }),
  );

  it(
    'goes on when its connection breaks, and another learns how it ended, with signs of life until then',
    inMember(system, async (member) => {
      await givePackage(member, waits);
      const connection = new AbortController();
      const first = member.call(aSetup(), { signal: connection.signal });
      await running(member);
      connection.abort();
      const answer = await member.call(aSetup(), {
        heard: (report) => {
          if (report.type === 'phase' && report.phase === 'waiting') void letGo(member);
        },
      });
      await first;
      expect(answer.result).to.equal('ok');
      expect(answer.phases.slice(0, 2)).to.deep.equal(['checking', 'waiting']);
      expect(await runsOf(member)).to.have.length(1);
      expect(await member.read(statusPath)).to.equal(`${container}=0`);
    }),
  );

  it(
    'ends with its connection as far as nobody listens, and leaves nothing in the folder for temporary files',
    inMember(system, async (member) => {
      await givePackage(member, waits);
      const connection = new AbortController();
      const call = member.call(aSetup(), { signal: connection.signal });
      await running(member);
      connection.abort();
      await letGo(member);
      await call;
      await until(async () => (await pidsOf(member, 'kubedirector-guest')).length === 0);
      expect(await member.sh('ls -A /tmp')).to.equal('');
    }),
  );

  it(
    'tells that it is alive while a script is silent',
    inMember(system, async (member) => {
      // A second of the container's passes quickly; busybox has a sleep of its own, and takes its time.
      if (system !== 'busybox')
        await member.write('/usr/local/bin/sleep', '#!/bin/sh\nexec /usr/bin/sleep 0.01\n', 0o755);
      await givePackage(member, waits);
      const answer = await member.call(aSetup(), {
        heard: ({ type }) => {
          if (type === 'alive') void letGo(member);
        },
      });
      expect(answer.result).to.equal('ok');
    }),
  );

  it(
    'tells of a script that was killed',
    inMember(system, async (member) => {
      await givePackage(member, 'echo begun; kill -9 $$');
      const answer = await member.call(aSetup());
      expect(answer.result).to.equal('failed script 137');
      expect(answer.reports).to.deep.include({ type: 'output', stream: 'stdout', text: 'begun\n' });
    }),
  );

  it(
    'waits for a script that has lost its worker, and does not run it a second time in this attempt',
    inMember(system, async (member) => {
      await givePackage(member, waits);
      const call = member.call(aSetup());
      await running(member);
      await kill(member, await workers(member));
      await until(async () => (await workers(member)).length > 0);
      await letGo(member);
      expect((await call).result).to.equal('failed member the start script was ended, and nobody saw its exit code');
      expect(await member.read(statusPath)).to.equal(`${container}=137`);
      expect(await runsOf(member)).to.have.length(1);
      expect((await member.call(aSetup({ attempt: 2 }))).result).to.equal('ok');
      expect(await runsOf(member)).to.have.length(2);
    }),
  );

  it(
    'tells of a script that was killed together with its worker',
    inMember(system, async (member) => {
      await givePackage(member, waits);
      const call = member.call(aSetup());
      await running(member);
      const script = await pidsOf(member, 'startscript');
      await kill(member, [...(await workers(member)), ...script]);
      expect((await call).result).to.match(/^failed member the start script was ended/);
      expect(await runsOf(member)).to.have.length(1);
    }),
  );

  it(
    'is taken up by the next one when everything of it was killed',
    inMember(system, async (member) => {
      // A server that never answers keeps it busy before the script.
      const server = await serve(() => {});
      try {
        const call = member.call(aSetup({ injections: [{ url: `${server.url}/file`, directory: '/srv/injected' }] }));
        await until(() => server.asked > 0);
        const all = [...(await workers(member)), ...(await callers(member))];
        await kill(member, all);
        server.close();
        expect((await call).result).to.equal('');
        const calm = await serve((_, response) => response.end('calm'));
        await givePackage(member, writesDown);
        const again = aSetup({ injections: [{ url: `${calm.url}/file`, directory: '/srv/injected' }] });
        expect((await member.call(again)).result).to.equal('ok');
        calm.close();
        expect(await member.read('/srv/injected/file')).to.equal('calm');
        expect(await runsOf(member)).to.have.length(1);
      } finally {
        server.close();
      }
    }),
  );

  it(
    'is not begun when not all of it arrived',
    inMember(system, async (member) => {
      await givePackage(member, writesDown);
      const answer = await member.call(aSetup(), { onlyBytes: -1 });
      expect(answer.result).to.equal('');
      expect(answer.code).not.to.equal(0);
      expect(await member.sh('ls -A /tmp /opt')).to.equal('/opt:\n\n/tmp:\n');
    }),
  );

  it(
    'goes on when its connection breaks while a notification is delivered, which is then not delivered again',
    inMember(system, async (member) => {
      await givePackage(member, `[ "$1" != --configure ] || exit 0; ${waits}`);
      await member.call(aSetup());
      const call = anUpdate({ notifications: [{ id: 'a', arguments: ['--addnodes'] }] });
      const connection = new AbortController();
      const first = member.call(call, { signal: connection.signal });
      await running(member);
      connection.abort();
      await letGo(member);
      await first;
      const { reports } = await member.call(call);
      expect(reports).to.deep.include({ type: 'notified', id: 'a', exitCode: 'skipped' });
      expect(await runsOf(member)).to.have.length(1);
    }),
  );

  it(
    'ends a notification whose worker was killed, and delivers it again',
    inMember(system, async (member) => {
      await givePackage(member, `[ "$1" != --configure ] || exit 0; ${waits}`);
      await member.call(aSetup());
      const call = member.call(anUpdate({ notifications: [{ id: 'a', arguments: ['--addnodes'] }] }));
      await running(member);
      const [first] = await pidsOf(member, 'startscript');
      await kill(member, await workers(member));
      await until(async () => (await runsOf(member)).length === 2);
      expect(await pidsOf(member, 'startscript')).not.to.include(first);
      await letGo(member);
      expect((await call).reports).to.deep.include({ type: 'notified', id: 'a', exitCode: 0 });
    }),
  );
});

/** Killed when it first uses a tool: every step before the script can be repeated. */
const steps = ['cat', 'chmod', 'gzip', 'head', 'ln', 'mkdir', 'mv', 'rm', 'tar', 'wc'];

describeInMembers(
  'a call whose worker is killed',
  (system) => {
    for (const tool of steps)
      it(
        `at its first ${tool} is done all the same, by another worker`,
        inMember(system, async (member) => {
          await givePackage(member, writesDown);
          await member.write(
            `/usr/local/bin/${tool}`,
            `#!/bin/sh
[ -e /srv/killed ] || case $(tr '\\0' ' ' </proc/$PPID/cmdline) in
  *'kubedirector-guest /opt/'*) echo "$PPID" >/srv/killed; kill -9 "$(cut -d: -f1 /opt/guestconfig/.kubedirector/*/job.*/worker)" ;;
esac
exec /usr/bin/${tool} "$@"
`,
            0o755,
          );
          const call = aSetup({ tailBytes: 100, injections: [{ url: 'file:///etc/group', directory: '/srv/in' }] });
          expect((await member.call(call)).result).to.equal('ok');
          expect(member.exists('/srv/killed')).to.equal(true);
          expect(await runsOf(member)).to.have.length(1);
          expect(await member.read('/etc/guestconfig/configmeta.json')).to.equal('{"version":"7"}\n');
          expect(await member.sh('ls /opt/guestconfig/app-1.0')).to.equal('startscript\n');
        }),
      );
  },
  ['dash', 'bash'],
);

describeInMembers('a call that was meant for the container before this one', (system) => {
  const before = 'containerd://the-first';
  const both = async (member: Member, script: string) => {
    await givePackage(member, script);
    const late = member.call(aSetup({ container: before, attempt: 2 }));
    await running(member);
    const own = member.call(aSetup(), {
      heard: (report) => {
        if (report.type === 'phase' && report.phase === 'waiting') void letGo(member);
      },
    });
    return { late: (await late).result, own: (await own).result };
  };

  it(
    'runs the script, and the call for this one does not run it again',
    inMember(system, async (member) => {
      expect(await both(member, waits)).to.deep.equal({ late: 'ok', own: 'ok' });
      expect(await runsOf(member)).to.have.length(1);
    }),
  );

  it(
    'fails, and the call for this one runs the script after it, never at the same time',
    inMember(system, async (member) => {
      const alone = 'mkdir /srv/alone || echo together >>/srv/runs';
      const script = `${alone}; ${waits}; rmdir /srv/alone; [ -e /srv/again ] || { : >/srv/again; exit 3; }`;
      expect(await both(member, script)).to.deep.equal({ late: 'failed script 3', own: 'ok' });
      expect(await runsOf(member)).to.deep.equal(['ran [--configure]', 'ran [--configure]']);
      expect(await member.read(statusPath)).to.equal(`${container}=0`);
    }),
  );
});
