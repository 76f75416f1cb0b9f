/**
 * Files that are put into members before anything else: whatever their names, as they are asked for, and once.
 */
import { expect } from 'chai';
import { aSetup, givePackage, onlyInjections, writesDown } from './member/calls.ts';
import { inMember } from './member/in-member.ts';
import { serve } from './member/servers.ts';
import { describeInMembers } from './member/systems.ts';

describeInMembers('an injected file', (system) => {
  it(
    'comes to its directory, under the last name of its URL, with its mode, owner and group',
    inMember(system, async (member) => {
      const server = await serve((request, response) => {
        if (request.url === '/moved/site.conf?v=1') response.end('found');
        else response.writeHead(301, { location: '/moved/site.conf?v=1' }).end();
      });
      const answer = await member.call(
        onlyInjections([
          { url: 'file:///etc/group', directory: '/srv/a/b', mode: '640', owner: 'nobody', group: 'nogroup' },
          { url: `${server.url}/first/site.conf?token=a/b#part`, directory: '/srv/a' },
        ]),
      );
      server.close();
      expect(answer.result).to.equal('ok');
      expect(answer.phases).to.deep.equal(['checking', 'injecting', 'injecting']);
      expect(await member.sh('stat -c "%a %U %G" /srv/a/b/group /srv/a/site.conf')).to.equal(
        '640 nobody nogroup\n644 root root\n',
      );
      expect(await member.read('/srv/a/site.conf')).to.equal('found');
      expect(await member.sh('ls -A /srv/a')).to.equal('b\nsite.conf\n');
    }),
  );

  for (const directory of ['/srv/it\'s "x"; $(touch /srv/pwned) `id`', '/srv/-rf *', '/srv/ü ', '--help'])
    it(
      `comes to ${directory}`,
      inMember(system, async (member) => {
        await member.write("/srv/$(touch pwned) it's", 'content');
        const url = "file:///srv/$(touch pwned) it's";
        expect((await member.call(onlyInjections([{ url, directory, mode: '600' }]))).result).to.equal('ok');
        const folder = directory.startsWith('/') ? directory : `/srv/${directory}`;
        expect(await member.read(`${folder}/$(touch pwned) it's`)).to.equal('content');
        expect(member.exists('/srv/pwned')).to.equal(false);
      }),
    );

  for (const [title, injection, words] of [
    [
      'is not there',
      { url: 'file:///none', directory: '/srv' },
      /none could not be fetched: the image has no such file/,
    ],
    ['has no name', { url: 'https://example.com', directory: '/srv' }, /ends without a name/],
    ['is called ..', { url: 'file:///etc/..', directory: '/srv' }, /ends without a name/],
    ['would replace a folder', { url: 'file:///x/srv', directory: '/' }, /is a directory/],
    ['has a directory below a file', { url: 'file:///etc/group', directory: '/etc/passwd/x' }, /cannot be made/],
    [
      'has an owner that nobody knows',
      { url: 'file:///etc/group', directory: '/srv', owner: '-R' },
      /could not be put/,
    ],
    [
      'has a group that nobody knows',
      { url: 'file:///etc/group', directory: '/srv', group: '$(id)' },
      /could not be put/,
    ],
    ['has a mode that is none', { url: 'file:///etc/group', directory: '/srv', mode: '--help' }, /could not be put/],
  ] as const)
    it(
      `that ${title} fails the setup, and nothing of it is left`,
      inMember(system, async (member) => {
        await givePackage(member, writesDown);
        const { result } = await member.call(aSetup({ injections: [injection] }));
        expect(result)
          .to.match(/^failed injection /)
          .and.match(words);
        expect(await member.sh('ls -A /srv')).to.equal('package.tgz\n');
      }),
    );

  it(
    'comes once: what a script has made of it stays when the call comes again',
    inMember(system, async (member) => {
      await givePackage(member, 'echo mine >/srv/group; exit 1');
      const injections = [{ url: 'file:///etc/group', directory: '/srv' }];
      await member.call(aSetup({ injections }));
      await givePackage(member, 'cat /srv/group');
      expect((await member.call(aSetup({ injections, attempt: 2 }))).result).to.equal('ok');
      expect(await member.read('/opt/guestconfig/configure.stdout')).to.equal('mine\n');
    }),
  );

  it(
    'comes also where the user of the image may not write to /opt',
    inMember(system, async (member) => {
      const injections = [{ url: 'file:///etc/group', directory: '/tmp/mine' }];
      expect((await member.call(onlyInjections(injections), { user: 65534 })).result).to.equal('ok');
      expect(member.exists('/tmp/mine/group')).to.equal(true);
    }),
  );
});
