/** What children are called: as published in 2018, within Kubernetes' limits, and the same every time. */
import { expect } from 'chai';
import fc from 'fast-check';
import {
  clusterNameLimit,
  headlessServiceName,
  memberServiceName,
  type NamingScheme,
  ordinalOf,
  podName,
  statefulSetName,
} from '../../openapi/child-names.ts';
import { labelFaults, labelValueFaults, safeAlphabet } from '../../openapi/machinery/names.ts';

const x = `[${safeAlphabet}]`;
const naming = (scheme: NamingScheme, cluster = 'spark-instance', namespace = 'team1') => ({
  scheme,
  cluster,
  namespace,
});

describe('names of children', () => {
  for (const [scheme, cluster, role, headless, pod, service] of [
    [
      'Readable',
      'spark-instance',
      'controller',
      `svc-spark-instance-${x}{5}`,
      `spark-instance-controller-${x}{5}-0`,
      `svc-spark-instance-controller-${x}{5}-0`,
    ],
    [
      'Readable',
      'ubuntu18.04',
      'vanilla_centos',
      `svc-ubuntu18-04-${x}{5}`,
      `ubuntu18-04-vanilla-centos-${x}{5}-0`,
      `svc-ubuntu18-04-vanilla-centos-${x}{5}-0`,
    ],
    [
      'Readable',
      'inference',
      'RESTServer',
      `svc-inference-${x}{5}`,
      `inference-restserver-${x}{5}-0`,
      `svc-inference-restserver-${x}{5}-0`,
    ],
    ['UID', 'spark-instance', 'controller', `kdhs-${x}{10}`, `kdss-${x}{10}-0`, `s-kdss-${x}{10}-0`],
    [
      'CrNameRole',
      'spark-instance',
      'controller',
      `spark-instance${x}{5}`,
      `spark-instance-controller-${x}{5}-0`,
      `spark-instance-controller-${x}{5}-0`,
    ],
    ['CrNameRole', '7up', 'controller', `kd-7up${x}{5}`, `7up-controller-${x}{5}-0`, `kd-7up-controller-${x}{5}-0`],
    // The original cut at 46 characters, and never left a separator at the end.
    [
      'CrNameRole',
      'a'.repeat(45),
      'b',
      `${'a'.repeat(45)}${x}{5}`,
      `${'a'.repeat(45)}-${x}{5}-0`,
      `${'a'.repeat(45)}-${x}{5}-0`,
    ],
  ] as const)
    it(`in ${scheme}, of ${cluster} and its role ${role}`, () => {
      const made = podName(statefulSetName(naming(scheme, cluster), role), 0);
      expect(headlessServiceName(naming(scheme, cluster))).to.match(new RegExp(`^${headless}$`));
      expect(made).to.match(new RegExp(`^${pod}$`));
      expect(memberServiceName(scheme, made)).to.match(new RegExp(`^${service}$`));
    });

  it('are the same wherever they are computed', () => {
    // Written down, so that no release changes them by accident: children of running clusters would not be found again.
    expect(statefulSetName(naming('Readable'), 'controller')).to.equal('spark-instance-controller-fdbm2');
    expect(headlessServiceName(naming('Readable'))).to.equal('svc-spark-instance-8ct8d');
    expect(statefulSetName(naming('UID'), 'controller')).to.equal(statefulSetName(naming('UID'), 'controller'));
  });

  it('differ where anything differs that a name has lost', () => {
    const names = [
      statefulSetName(naming('Readable', 'a-b'), 'c'),
      statefulSetName(naming('Readable', 'a'), 'b-c'),
      statefulSetName(naming('Readable', 'a'), 'b_c'),
      statefulSetName(naming('Readable', 'a'), 'b.c'),
      statefulSetName(naming('Readable', 'a'), 'B-c'),
      statefulSetName(naming('Readable', 'a-b', 'team2'), 'c'),
    ];
    expect(new Set(names).size).to.equal(names.length);
  });

  it('do not collide among ten thousand roles of a namespace, even where the hash is all there is', () => {
    const names = new Set<string>();
    for (let i = 0; i < 10_000; i += 1) names.add(statefulSetName(naming('UID', `c${i}`), 'worker'));
    expect(names.size).to.equal(10_000);
  });

  it('tell the ordinal of a pod', () => {
    expect([ordinalOf('a-b-0'), ordinalOf('a-b-112'), ordinalOf('b')]).to.deep.equal([0, 112, Number.NaN]);
  });
});

describe('the longest name of a cluster', () => {
  for (const [scheme, roles, characters, because] of [
    ['Readable', ['controller', 'jupyter'], 35, 'role controller'],
    ['Readable', ['a'], 44, 'role a'],
    ['Readable', [], 45, 'StatefulSet'],
    ['UID', ['controller'], 63, 'label'],
    ['CrNameRole', ['controller'], 63, 'label'],
  ] as const)
    it(`in ${scheme} with roles ${roles.join(', ') || 'none'} is ${characters}`, () => {
      const limit = clusterNameLimit(scheme, roles);
      expect(limit.characters).to.equal(characters);
      expect(limit.because).to.include(because);
    });

  it('is short enough: all children of such a cluster have names that Kubernetes takes', () => {
    const word = (most: number) =>
      fc
        .stringMatching(new RegExp(`^[a-z0-9]([a-z0-9.-]{0,${most - 2}}[a-z0-9])?$`))
        .filter((name) => !name.includes('..'));
    const role = fc.stringMatching(/^[A-Za-z0-9]([-A-Za-z0-9_.]{0,30}[A-Za-z0-9])?$/);
    fc.assert(
      fc.property(word(63), role, fc.constantFrom('Readable', 'UID', 'CrNameRole'), (name, id, scheme) => {
        const cluster = name.slice(0, clusterNameLimit(scheme, [id]).characters).replace(/[.-]+$/, '');
        const set = statefulSetName(naming(scheme, cluster), id);
        const pod = podName(set, 999);
        for (const service of [headlessServiceName(naming(scheme, cluster)), memberServiceName(scheme, pod)]) {
          expect(labelFaults(service), service).to.deep.equal([]);
          expect(service, 'Services begin with a letter').to.match(/^[a-z]/);
        }
        expect(labelFaults(pod), pod).to.deep.equal([]);
        expect(labelValueFaults(`${set}-0123456789`), 'controller-revision-hash').to.deep.equal([]);
        expect(labelValueFaults(cluster), cluster).to.deep.equal([]);
      }),
      { numRuns: 500 },
    );
  });
});
