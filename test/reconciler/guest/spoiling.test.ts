/**
 * Start scripts that spoil what KubeDirector keeps in a member: how they ended is told all the same, and the next attempt is as good as
 * any.
 */
import { expect } from 'chai';
import { anUpdate, aSetup, givePackage, runsOf, writesDown } from './member/calls.ts';
import { inMember } from './member/in-member.ts';
import { describeInMembers } from './member/systems.ts';

const home = '/opt/guestconfig';
const fills = 'dd if=/dev/zero of=/opt/much bs=1024 2>/dev/null';

describeInMembers('a start script', (system) => {
  for (const [what, spoils] of [
    ['removes all that is in /opt/guestconfig', `rm -rf ${home}`],
    ['puts a file in its place', `rm -rf ${home} && : >${home}`],
    ['removes what KubeDirector keeps there', `rm -rf ${home}/.kubedirector`],
  ] as const)
    it(
      `that ${what} and fails is known to have failed, and is tried again`,
      inMember(system, async (member) => {
        await givePackage(member, `${spoils}; exit 5`);
        expect((await member.call(aSetup())).result).to.equal('failed script 5');
        await member.sh(`[ -d ${home} ] || rm -f ${home}`);
        await givePackage(member, writesDown);
        expect((await member.call(aSetup({ attempt: 2 }))).result).to.equal('ok');
        expect(await runsOf(member)).to.deep.equal(['ran [--configure]']);
      }),
    );

  it(
    'that removes what KubeDirector keeps there and ends well has set its member up',
    inMember(system, async (member) => {
      await givePackage(member, `${writesDown}; rm -rf ${home}/.kubedirector`);
      expect((await member.call(aSetup())).result).to.equal('ok');
      const notifications = [{ id: 'addnodes-2.0', arguments: ['--addnodes'] }];
      expect((await member.call(anUpdate({ notifications }))).result).to.equal('ok');
      expect(await runsOf(member)).to.deep.equal(['ran [--configure]', 'ran [--addnodes]']);
    }),
  );

  it(
    'that removes itself with everything else has not, and why is told',
    inMember(system, async (member) => {
      await givePackage(member, `rm -rf ${home}`);
      const { result } = await member.call(aSetup());
      expect(result).to.match(/^failed member \/opt\/guestconfig\/configure\.status cannot be written: .*No such file/);
    }),
  );

  it(
    'that fills the disk is known to have failed',
    inMember(system, async (member) => {
      await member.makeSmall('/opt', 2000);
      await givePackage(member, `${fills}; exit 3`);
      expect((await member.call(aSetup())).result).to.equal('failed script 3');
    }),
  );

  it(
    'that fills the disk and does not care has not set its member up, and why is told',
    inMember(system, async (member) => {
      await member.makeSmall('/opt', 2000);
      await givePackage(member, `${fills}; exit 0`);
      const { result } = await member.call(aSetup());
      expect(result).to.match(
        /^failed member \/opt\/guestconfig\/configure\.status cannot be written: .*(space|I\/O error)/,
      );
      await member.sh('rm /opt/much');
      await givePackage(member, ':');
      expect((await member.call(aSetup({ attempt: 2 }))).result).to.equal('ok');
    }),
  );
});
