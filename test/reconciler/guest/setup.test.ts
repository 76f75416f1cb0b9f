/**
 * Setting members up: what start scripts find, how it ends, and what another container or another call makes of it.
 */
import { expect } from 'chai';
import { aSetup, container, givePackage, onlyInjections, packagePath, runsOf, writesDown } from './member/calls.ts';
import { inMember } from './member/in-member.ts';
import type { Member } from './member/member.ts';
import { describeInMembers } from './member/systems.ts';

const statusPath = '/opt/guestconfig/configure.status';
const configmetaPath = '/etc/guestconfig/configmeta.json';

describeInMembers('setting a member up', (system) => {
  it(
    'runs the start script of the package in the working directory, environment and umask of the image',
    inMember(system, async (member) => {
      await givePackage(member, `${writesDown}; pwd; umask; printf '%s|' "$0" "$container" "$name" "$PATH_OF" $-; cat`);
      const env = { container: 'docker', name: "it's; $(reboot)", PATH_OF: ' a  b ' };
      const answer = await member.call(aSetup(), { env });
      expect(answer.result).to.equal('ok');
      expect(answer.phases).to.deep.equal(['checking', 'fetching', 'unpacking', 'configuring']);
      expect(await runsOf(member)).to.deep.equal(['ran [--configure]']);
      const [directory, umask, said] = (await member.read('/opt/guestconfig/configure.stdout')).split('\n');
      expect([directory, umask]).to.deep.equal(['/srv', '0022']);
      expect(said).to.match(/^\/opt\/guestconfig\/app-1\.0\/startscript\|docker\|it's; \$\(reboot\)\| a {2}b \|/);
      expect(await member.read(statusPath)).to.equal(`${container}=0`);
      expect(await member.read('/opt/guestconfig/configure.stderr')).to.equal('');
    }),
  );

  for (const [layout, etcMode] of [
    ['legacy', '755'],
    ['new', '700'],
  ] as const)
    it(
      `writes configmeta for all to read, and keeps its folder as the ${layout} layout has it`,
      inMember(system, async (member) => {
        await givePackage(
          member,
          `cp ${configmetaPath} /srv/seen; stat -c %a ${configmetaPath} /etc/guestconfig /opt/guestconfig`,
        );
        const text = `{"quotes":"'\\"$(id)\`","umlaut":"ü"}`;
        expect((await member.call(aSetup({ layout }, { configmeta: text }))).result).to.equal('ok');
        expect(await member.read('/srv/seen')).to.equal(text);
        const modes = (await member.read('/opt/guestconfig/configure.stdout')).trim().split('\n');
        expect(modes).to.deep.equal(['644', etcMode, '700']);
        expect(await member.sh('ls -A /etc/guestconfig')).to.equal('configmeta.json\n');
      }),
    );

  it(
    'leaves nothing but records behind, and says nothing of what configmeta and the environment hold',
    inMember(system, async (member) => {
      await givePackage(member, 'echo canary-in-output; exit 3');
      const configmeta = '{"secret":"canary-4711"}';
      const answer = await member.call(aSetup({ tailBytes: 0 }, { configmeta }), { env: { PASSWORD: 'canary-0815' } });
      expect(answer.result).to.equal('failed script 3');
      expect(`${answer.stdout}${answer.stderr}`).not.to.contain('canary');
      const holders = await member.sh('grep -rl canary-4711 /opt /etc /tmp /var /srv || true');
      expect(holders).to.equal(`${configmetaPath}\n`);
      expect(await member.sh('grep -rl canary-0815 /opt /etc /tmp /var /srv || true')).to.equal('');
      expect(await member.sh('ls -A /tmp')).to.equal('');
    }),
  );

  it(
    'does not run the script of a role that does not want to be configured',
    inMember(system, async (member) => {
      await givePackage(member, writesDown);
      expect((await member.call(aSetup({}, { configure: false }))).result).to.equal('ok');
      expect(await runsOf(member)).to.deep.equal([]);
      expect(member.exists(statusPath)).to.equal(false);
      expect(member.exists('/opt/guestconfig/app-1.0/startscript')).to.equal(true);
    }),
  );

  it(
    'leaves a member alone whose role has neither package nor files',
    inMember(system, async (member) => {
      const answer = await member.call(onlyInjections([], { systemd: true }));
      expect(answer.result).to.equal('ok');
      expect(member.exists('/opt/guestconfig')).to.equal(false);
      expect(await member.sh('ls -A /tmp')).to.equal('');
    }),
  );

  it(
    'tells the exit code of a script that fails, and the last whole lines of what it wrote',
    inMember(system, async (member) => {
      await givePackage(member, 'echo first line; echo second; echo third; echo wrong >&2; exit 42');
      const answer = await member.call(aSetup({ tailBytes: 13 }));
      expect(answer.result).to.equal('failed script 42');
      expect(answer.reports.filter(({ type }) => type === 'output')).to.deep.equal([
        { type: 'output', stream: 'stdout', text: 'second\nthird\n' },
        { type: 'output', stream: 'stderr', text: 'wrong\n' },
      ]);
      expect(await member.read(statusPath)).to.equal(`${container}=42`);
    }),
  );

  for (const [title, script, text] of [
    ['of a line that is too long the end', 'printf 0123456789', '56789'],
    ['of a long last line the end, too', 'echo 0123456789', '6789\n'],
    ['a first line that is just whole', 'echo 0123; echo 4567', '4567\n'],
    ['no nulls', "printf 'a\\000b'", 'ab'],
    ['nothing of a script that is silent', ':', ''],
  ] as const)
    it(
      `tells ${title}`,
      inMember(system, async (member) => {
        await givePackage(member, `${script}; exit 1`);
        const answer = await member.call(aSetup({ tailBytes: 5 }));
        expect(answer.reports.find(({ type }) => type === 'output')).to.include({ stream: 'stdout', text });
      }),
    );

  it(
    'runs a script that failed again in an attempt of another number, and in no other',
    inMember(system, async (member) => {
      await givePackage(member, `${writesDown}; [ -e /srv/mended ]`);
      for (const repeated of [1, 1]) {
        const answer = await member.call(aSetup({ attempt: repeated }));
        expect(answer.result).to.equal('failed script 1');
        expect(answer.reports.filter(({ type }) => type === 'output')).to.have.length(2);
      }
      expect(await runsOf(member)).to.have.length(1);
      await member.write('/srv/mended', '');
      expect((await member.call(aSetup({ attempt: 1 }))).result).to.equal('failed script 1');
      expect((await member.call(aSetup({ attempt: 2 }))).result).to.equal('ok');
      expect((await member.call(aSetup({ attempt: 2 }))).result).to.equal('ok');
      expect((await member.call(aSetup({ attempt: 3 }))).result).to.equal('ok');
      expect(await runsOf(member)).to.have.length(2);
    }),
  );

  it(
    'brings newer configmeta when it is asked again, and never older',
    inMember(system, async (member) => {
      await givePackage(member, writesDown);
      for (const [generation, held] of [
        [5, 'g5'],
        [7, 'g7'],
        [6, 'g7'],
      ] as const) {
        expect((await member.call(aSetup({ generation }, { configmeta: `g${generation}` }))).result).to.equal('ok');
        expect(await member.read(configmetaPath)).to.equal(held);
      }
      expect(await runsOf(member)).to.have.length(1);
    }),
  );

  it(
    'empties its folder of an earlier package first',
    inMember(system, async (member) => {
      await givePackage(member, 'exit 1');
      await member.write('/opt/guestconfig/app-0.9/startscript', '#!/bin/sh\nexit 9\n', 0o755);
      expect((await member.call(aSetup())).result).to.equal('failed script 1');
      expect(await member.sh('ls /opt/guestconfig')).to.equal(
        'app-1.0\nconfigure.status\nconfigure.stderr\nconfigure.stdout\n',
      );
    }),
  );

  it(
    'takes the word of the status file where records are missing',
    inMember(system, async (member) => {
      await givePackage(member, writesDown);
      await member.write(statusPath, `${container}=0`);
      expect((await member.call(aSetup())).result).to.equal('ok');
      expect(await runsOf(member)).to.deep.equal([]);
      expect(await member.read(configmetaPath)).to.equal('{"version":"7"}\n');
    }),
  );
});

describeInMembers('a member with a volume, in a new container', (system) => {
  const volumes = ['/opt', '/usr/local'];
  const other = 'containerd://the-second';

  it(
    'is set up when it was before: it gets configmeta, its links and its files, and no script runs',
    inMember(system, async (member) => {
      await member.write('/usr/local/bin/configcli', '#!/bin/sh\n', 0o755);
      await givePackage(member, writesDown);
      const injections = [{ url: 'file:///etc/group', directory: '/etc/injected' }];
      expect((await member.call(aSetup({ layout: 'new', injections }))).result).to.equal('ok');
      await member.restart(volumes);
      expect(member.exists(configmetaPath)).to.equal(false);
      const answer = await member.call(aSetup({ layout: 'new', injections, container: other }, { configmeta: 'new' }));
      expect(answer.result).to.equal('ok');
      expect(answer.phases).not.to.include('fetching');
      expect(await runsOf(member)).to.deep.equal([]);
      expect(await member.read(configmetaPath)).to.equal('new');
      expect(member.exists('/etc/injected/group')).to.equal(true);
      expect(await member.sh('readlink /usr/bin/configcli')).to.equal('/usr/local/bin/configcli\n');
      expect(await member.sh('ls /opt/guestconfig/.kubedirector')).to.equal('containerd___the-second\n');
    }),
  );

  for (const [title, script] of [
    ['failed', 'exit 7'],
    ['did not come to its end', 'kill -9 $PPID; sleep 100'],
  ] as const)
    it(
      `is set up from the beginning when the script ${title} there`,
      inMember(system, async (member) => {
        await givePackage(member, script);
        const controller = new AbortController();
        const calling = member.call(aSetup(), { signal: controller.signal });
        if (script === 'exit 7') await calling;
        else while (!member.exists(statusPath)) await new Promise((resolve) => setTimeout(resolve, 20));
        await member.restart(volumes);
        controller.abort();
        await calling;
        await givePackage(member, writesDown);
        expect((await member.call(aSetup({ container: other }))).result).to.equal('ok');
        expect(await runsOf(member)).to.deep.equal(['ran [--configure]']);
        expect(await member.read(statusPath)).to.equal(`${other}=0`);
      }),
    );

  it(
    'is set up from the beginning when its status file cannot be understood',
    inMember(system, async (member) => {
      await givePackage(member, writesDown);
      await member.write(statusPath, 'nonsense');
      expect((await member.call(aSetup())).result).to.equal('ok');
      expect(await runsOf(member)).to.have.length(1);
    }),
  );
});

// busybox as its own shell finds its own tools whatever an image lacks.
const usual = ['dash', 'bash'] as const;
const tools = (...names: readonly string[]) => names.map((name) => `/usr/bin/${name}`);

describeInMembers(
  'an image that lacks a tool',
  (system) => {
    for (const name of ['tar', 'gzip', 'sha256sum'])
      it(
        `is told that it has no ${name}`,
        inMember(
          system,
          async (member) => {
            await member.write('/usr/bin/configcli', '');
            await givePackage(member, ':');
            const source = { url: `file://${packagePath}`, maxBytes: 1 << 20, sha256: '0'.repeat(64) };
            expect((await member.call(aSetup({}, { package: source }))).result).to.match(
              new RegExp(`^failed member the image has no ${name}, without which `),
            );
          },
          tools(name),
        ),
      );

    it(
      'is told that it has neither curl nor wget when the package is not in the image',
      inMember(
        system,
        async (member) => {
          const source = { url: 'https://127.0.0.1:1/package.tgz', maxBytes: 1 << 20 };
          const answer = await member.call(aSetup({}, { package: source }));
          expect(answer.result).to.equal('failed member the image has neither curl nor wget');
        },
        tools('curl', 'wget'),
      ),
    );

    it(
      'is set up without setsid',
      inMember(
        system,
        async (member) => {
          await givePackage(member, writesDown);
          expect((await member.call(aSetup())).result).to.equal('ok');
          expect(await runsOf(member)).to.have.length(1);
        },
        tools('setsid'),
      ),
    );
  },
  usual,
);

describeInMembers('an image that refuses something', (system) => {
  it(
    'is told that its user may not write where setup packages go',
    inMember(system, async (member) => {
      await givePackage(member, ':');
      const answer = await member.call(aSetup(), { user: 65534 });
      expect(answer.result).to.match(
        /^failed member \/opt\/guestconfig cannot be written \(the member runs as user 65534\): mkdir: .*Permission denied/,
      );
    }),
  );

  it(
    'is told that /opt/guestconfig is read-only, or /etc/guestconfig',
    inMember(system, async (member) => {
      await givePackage(member, ':');
      for (const folder of ['/etc/guestconfig', '/opt/guestconfig']) {
        await member.makeReadOnly(folder);
        const answer = await member.call(aSetup({ attempt: folder.length }));
        expect(answer.result).to.match(new RegExp(`^failed member ${folder}\\S* cannot be written: .*[Rr]ead-only`));
      }
    }),
  );

  for (const [what, spoil, said] of [
    ['writes to its /tmp', (member: Member) => member.makeReadOnly('/tmp'), /[Rr]ead-only/],
    ['has room in its /tmp', (member: Member) => member.makeSmall('/tmp', 64), /[Nn]o space left/],
  ] as const)
    it(
      `takes all that it is sent where nobody ${what}, so that hosts before 1.30 tell of its end`,
      inMember(system, async (member) => {
        await givePackage(member, ':');
        await spoil(member);
        // More than a pipe holds.
        const answer = await member.call(aSetup({}, { configmeta: JSON.stringify('x'.repeat(1 << 20)) }));
        expect(answer.stderr).to.match(said);
        expect(answer).to.include({ tookAll: true, result: '', code: 1 });
      }),
    );
});

describeInMembers(
  'a member that needs systemd',
  (system) => {
    const running = '#!/bin/sh\n[ "$*" = "status systemd-journald" ] || exit 9\necho x >>/srv/asked\n';

    it(
      'waits until systemd-journald runs',
      inMember(system, async (member) => {
        await member.write('/usr/bin/systemctl', `${running}[ $(wc -l </srv/asked) -ge 3 ]\n`, 0o755);
        await givePackage(member, 'wc -l </srv/asked');
        const answer = await member.call(aSetup({ systemd: true }));
        expect(answer.result).to.equal('ok');
        expect(answer.phases).to.include('systemd');
        expect((await member.read('/opt/guestconfig/configure.stdout')).trim()).to.equal('3');
      }),
    );

    it(
      'fails when that takes too long, with what systemctl said last',
      inMember(system, async (member) => {
        await member.write('/usr/bin/systemctl', `${running}echo not loaded >&2; exit 4\n`, 0o755);
        await member.write('/usr/local/bin/sleep', '#!/bin/sh\n', 0o755);
        await givePackage(member, writesDown);
        const answer = await member.call(aSetup({ systemd: true }));
        expect(answer.result).to.equal('failed systemd systemd-journald did not run within five minutes: not loaded');
        expect(await runsOf(member)).to.deep.equal([]);
      }),
    );

    it(
      'fails when the image has no systemctl',
      inMember(system, async (member) => {
        const answer = await member.call(aSetup({ systemd: true }));
        expect(answer.result).to.match(/^failed systemd the image has no systemctl/);
      }),
    );
  },
  usual,
);
