/**
 * configcli: what setup packages ask about their cluster, and what they are told.
 */
import { expect } from 'chai';
import { aSetup, givePackage } from './member/calls.ts';
import { inMember } from './member/in-member.ts';
import type { Member } from './member/member.ts';
import { describeInMembers } from './member/systems.ts';

const ref = (...path: readonly string[]) => ({ bdvlibrefkey: path });
const role = (id: string, ids: readonly string[]) => {
  const fqdns = ids.map((node) => `${id}-${node}.svc.example`);
  return {
    services: {
      ssh: {
        id: 'ssh',
        fqdns: ref('nodegroups', '1', 'roles', id, 'fqdns'),
        endpoints: fqdns.map((f) => `://${f}:22`),
      },
    },
    node_ids: ids,
    hostnames: fqdns,
    fqdns,
    fqdn_mappings: Object.fromEntries(fqdns.map((fqdn, i) => [fqdn, ids[i]])),
    flavor: { memory: '4096', cores: '2' },
  };
};
const odd = 'quote " back \\ slash / tab \t ü 😀 { } [ ] : , \\" end\\';
const configmeta = {
  version: '7',
  services: { ssh: { '1': { seed: ref('nodegroups', '1', 'roles', 'seed', 'services', 'ssh') } } },
  nodegroups: {
    '1': {
      roles: { seed: role('seed', ['1', '10']), worker: role('worker', ['2', '3']), none: role('none', []) },
      distro_id: 'acme/store',
      config_metadata: { edition: 'community', empty: '', list: [], flag: true, no: false, nothing: null, number: 42 },
    },
  },
  distros: { 'acme/store': { '1': ref('nodegroups', '1') } },
  cluster: { name: 'demo', isolated: false, config_metadata: { '1': ref('nodegroups', '1', 'config_metadata') } },
  node: {
    role_id: 'seed',
    nodegroup_id: '1',
    id: '10',
    depends_on: {},
    fqdn: 'seed-10.svc.example',
    loop: ref('node', 'loop'),
  },
  connections: {
    clusters: {},
    configmaps: {
      site: [
        { metadata: { name: 'one' }, data: { region: 'north', a: odd } },
        { metadata: { name: 'two' }, labels: null },
      ],
    },
    secrets: {},
  },
};

const answers: readonly (readonly [args: readonly string[], printed: string])[] = [
  [['--get', 'node.role_id'], 'seed'],
  [['-g', 'cluster.name'], 'demo'],
  [['namespace', 'cluster', 'name'], 'demo'],
  [['--get', 'version'], '7'],
  [['--get', 'node'], 'role_id,nodegroup_id,id,depends_on,fqdn,loop'],
  [['--get', 'node.depends_on'], ''],
  [['--get', 'cluster.isolated'], 'false'],
  [['--get', 'cluster.config_metadata.1.edition'], 'community'],
  [['--get', 'cluster.config_metadata.1'], 'edition,empty,list,flag,no,nothing,number'],
  [['--get', 'cluster.config_metadata.1.empty'], ''],
  [['--get', 'cluster.config_metadata.1.list'], ''],
  [['--get', 'cluster.config_metadata.1.flag'], 'true'],
  [['--get', 'cluster.config_metadata.1.nothing'], ''],
  [['--get', 'cluster.config_metadata.1.number'], '42'],
  [['--get', 'distros.acme/store.1.roles.worker.fqdns'], 'worker-2.svc.example,worker-3.svc.example'],
  [['--get', 'distros.acme/store.1.roles'], 'seed,worker,none'],
  [['--get', 'services.ssh.1.seed.fqdns'], 'seed-1.svc.example,seed-10.svc.example'],
  [['--get', 'services.ssh.1.seed.endpoints'], '://seed-1.svc.example:22,://seed-10.svc.example:22'],
  [['--get', 'distros.acme/store.1.roles.seed.flavor.memory'], '4096'],
  [['--get', 'connections.configmaps.site.data.region'], 'north'],
  [['--get', 'connections.configmaps.site.data.a'], odd],
  [['--get', 'connections.configmaps.site.metadata.name'], 'two'],
  [['--get', 'connections.configmaps.site'], 'metadata,data,labels'],
  [['--get', 'connections.clusters'], ''],
  [['--get_local_group_fqdns'], 'seed-1.svc.example,seed-10.svc.example,worker-2.svc.example,worker-3.svc.example'],
  [['--get_nodegroup_fqdns', '1'], 'seed-1.svc.example,seed-10.svc.example,worker-2.svc.example,worker-3.svc.example'],
  [['--get_all_fqdns'], 'seed-1.svc.example,seed-10.svc.example,worker-2.svc.example,worker-3.svc.example'],
  [['macro', 'node', '--get_self_index'], '3'],
  [['macro', 'node', '--get_self_id'], '10'],
  [['macro', 'node', '--get_index', 'worker-3.svc.example'], '2'],
  [['macro', 'node', '--get_id', 'worker-3.svc.example'], '3'],
  [['macro', 'nodegroup', '--num_nodegroups'], '1'],
  [
    ['macro', 'nodegroup', '--get_all_fqdns'],
    'seed-1.svc.example,seed-10.svc.example,worker-2.svc.example,worker-3.svc.example',
  ],
  [['--baseimg_version'], ''],
  [['--version'], '1.0'],
  [['ccli', 'version'], '1.0'],
];

const refusals: readonly (readonly [args: readonly string[], words: RegExp])[] = [
  [['--get', 'node.nothing'], /there is no node\.nothing/],
  [['--get', 'node.role_id.more'], /there is no node\.role_id\.more/],
  [['--get', 'node.loop'], /there is no node\.loop/],
  [['--get', 'nodegroups.1'], /there is no namespace nodegroups/],
  [['--get', 'tenant.x'], /there is no tenant/],
  [['--get_nodegroup_fqdns', '2'], /there is no nodegroup 2/],
  [['macro', 'node', '--get_id', 'nobody'], /there is no node nobody/],
  [['--wait', 'services.ssh'], /needs an agent/],
  [['--tokenwait', 'x'], /needs an agent/],
  [['--service_key', 'x', '--systemctl', 'y'], /needs an agent/],
  [[], /usage/],
];

/** The same questions, to the module. */
const asPython = (args: readonly string[]): string | undefined => {
  const [first, second, third, fourth] = args;
  const text = (word: string | undefined) => JSON.stringify(word ?? '');
  if (first === '--get' || first === '-g') return `namespace.getValue(${text(second)})`;
  if (first === '--get_nodegroup_fqdns') return `macro.getNodegroupFqdns(${text(second)})`;
  if (first === 'macro' && third === '--get_index') return `macro.getNodeIndexFromFqdn(${text(fourth)})`;
  if (first === 'macro' && third === '--get_id') return `macro.getNodeIdFromFqdn(${text(fourth)})`;
  return {
    '--get_local_group_fqdns': 'macro.getLocalGroupHosts()',
    '--get_all_fqdns': 'macro.getClusterFqdns()',
    'macro node --get_self_index': 'macro.getNodeIndexSelf()',
    'macro node --get_self_id': 'macro.getNodeIdSelf()',
    'macro nodegroup --num_nodegroups': 'macro.getNumNodegroups()',
  }[args.join(' ')];
};

/** Values as configcli prints them: a list with commas between, of maps their keys. */
const questions = `import sys
from configcli import ConfigCli
cli = ConfigCli(shell=False)
namespace = cli.getCommandObject('namespace')
macro = cli.getCommandObject('macro')
def shown(value):
    if isinstance(value, bool): return 'true' if value else 'false'
    if value is None: return ''
    if isinstance(value, list):
        if value and isinstance(value[0], dict): return ','.join(dict.fromkeys(k for v in value for k in v))
        return ','.join(value)
    return str(value)
for line in open('/srv/questions', encoding='utf-8').read().split('\\n')[:-1]:
    try: print(shown(eval(line)))
    except Exception as error: print('refused: %s' % error)
`;

const ready = async (member: Member, layout: 'legacy' | 'new'): Promise<void> => {
  await givePackage(member, ':');
  const text = JSON.stringify(configmeta, undefined, layout === 'new' ? 2 : 0)
    .replace('ü', '\\u00fc')
    .replace('😀', '\\ud83d\\ude00');
  expect((await member.call(aSetup({ layout }, { configmeta: text }))).result).to.equal('ok');
};

describeInMembers('configcli', (system) => {
  for (const layout of ['legacy', 'new'] as const)
    it(
      `answers, in the ${layout} layout`,
      inMember(system, async (member) => {
        await ready(member, layout);
        for (const [args, printed] of answers)
          expect(await member.sh('configcli "$@"', ...args), args.join(' ')).to.equal(`${printed}\n`);
        for (const [args, words] of refusals) {
          const said = await member.sh('configcli "$@" 2>&1 && echo fine || true', ...args);
          expect(said, args.join(' ')).to.match(words).and.not.to.contain('fine');
        }
      }),
    );

  it(
    'has all its names, in both folders of the new layout',
    inMember(system, async (member) => {
      await ready(member, 'new');
      for (const folder of ['/usr/bin', '/usr/local/bin']) {
        for (const name of ['configcli', 'ccli', 'bdvcli', 'bd_vcli'])
          expect(await member.sh(`${folder}/${name} --get node.id`)).to.equal('10\n');
        expect(await member.sh(`${folder}/configmacro node --get_self_index`)).to.equal('3\n');
      }
    }),
  );

  it(
    'tells the first line of the version of the base image',
    inMember(system, async (member) => {
      await ready(member, 'legacy');
      await member.write('/etc/guestconfig/base_img_version', '3.1\nmore\n');
      expect(await member.sh('bdvcli --baseimg_version')).to.equal('3.1\n');
    }),
  );

  it(
    'leaves alone the one that an image brings',
    inMember(system, async (member) => {
      await member.write('/usr/local/bin/configcli', '#!/bin/sh\necho mine\n', 0o755);
      await ready(member, 'legacy');
      expect(await member.sh('configcli; ls /usr/bin/ccli 2>&1 || true')).to.match(/^mine\n.*No such file/);
    }),
  );
});

describeInMembers(
  'configcli as a module of Python',
  (system) => {
    for (const layout of ['legacy', 'new'] as const)
      it(
        `answers as the command does, in the ${layout} layout`,
        inMember(system, async (member) => {
          await ready(member, layout);
          const asked = [...answers, ...refusals]
            .map(([args, printed]) => ({ question: asPython(args), printed }))
            .filter(({ question }) => question !== undefined);
          expect(asked.length).to.be.above(35);
          await member.write('/srv/questions', asked.map(({ question }) => `${question}\n`).join(''));
          await member.write('/srv/questions.py', questions);
          const base = layout === 'new' ? 'PYTHONUSERBASE=/usr/local' : 'PYTHONUSERBASE=/nowhere';
          const printed = (await member.sh(`env PYTHONIOENCODING=utf-8 ${base} python3 /srv/questions.py`)).split('\n');
          for (const [i, { question, printed: expected }] of asked.entries()) {
            if (typeof expected === 'string') expect(printed[i], question).to.equal(expected);
            else
              expect(printed[i], question)
                .to.match(/^refused: /)
                .and.match(expected);
          }
        }),
      );

    it(
      'finds the paths that end in a word',
      inMember(system, async (member) => {
        await ready(member, 'legacy');
        await member.write('/srv/questions', "str(namespace.searchForToken(['nodegroups'], 'node_ids'))\n");
        await member.write('/srv/questions.py', questions);
        expect(await member.sh('python3 /srv/questions.py')).to.contain(
          "['nodegroups', '1', 'roles', 'worker', 'node_ids']",
        );
      }),
    );
  },
  ['dash'],
);
