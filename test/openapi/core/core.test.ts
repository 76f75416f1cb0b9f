/** Types of Kubernetes' own API where our kinds embed them: real, complete, and under names of our own. */
import { expect } from 'chai';
import { collected } from '../../../openapi/core/generate.ts';
import { kubernetesType } from '../../../openapi/core/index.ts';
import { definitions, release } from '../../../openapi/core/kubernetes.ts';
import { Path } from '../../../openapi/schema/path.ts';
import { compilePruning } from '../../../openapi/schema/prune.ts';
import { compileValidation } from '../../../openapi/schema/validate.ts';
import { clusterRole } from '../../../openapi/v1beta1/kubedirectorcluster.ts';

const faultsOf = (value: object): string[] =>
  compileValidation(clusterRole)({ id: 'worker', ...value }).map(({ field }) => field);

const unknownIn = (value: unknown): string[] => {
  const unknown: string[] = [];
  compilePruning(clusterRole)?.(structuredClone(value), new Path(), (path) => unknown.push(path));
  return unknown;
};

const affinity = {
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [
        {
          matchExpressions: [{ key: 'topology.kubernetes.io/zone', operator: 'In', values: ['antarctica-east1'] }],
          matchFields: [{ key: 'metadata.name', operator: 'NotIn', values: ['node-1'] }],
        },
      ],
    },
    preferredDuringSchedulingIgnoredDuringExecution: [
      { weight: 1, preference: { matchExpressions: [{ key: 'cpus', operator: 'Gt', values: ['8'] }] } },
    ],
  },
  podAntiAffinity: {
    preferredDuringSchedulingIgnoredDuringExecution: [
      {
        weight: 100,
        podAffinityTerm: {
          labelSelector: { matchExpressions: [{ key: 'security', operator: 'Exists' }], matchLabels: { app: 'spark' } },
          namespaceSelector: {},
          namespaces: ['default'],
          matchLabelKeys: ['pod-template-hash'],
          topologyKey: 'kubernetes.io/hostname',
        },
      },
    ],
  },
};

const env = [
  { name: 'TZ', value: 'UTC' },
  { name: 'MY_IP', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'status.podIP' } } },
  { name: 'CPUS', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: 1 } } },
  { name: 'LEVEL', valueFrom: { configMapKeyRef: { name: 'logging', key: 'level', optional: true } } },
  { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'site', key: 'token' } } },
];

describe("types of Kubernetes' own", () => {
  it('are committed as the installed @kubernetes/client-node has them; otherwise: npm run generate:core', async () =>
    expect({ release, definitions }).to.deep.equal(await collected()));

  it('have names that no other server uses', () => {
    for (const name of Object.keys(definitions))
      expect(kubernetesType(name).definition).to.match(/^io\.bluedata\.kubedirector\.(core|meta)\.v1\.\w+$/);
  });

  it('are complete: nothing of an affinity, and of no way to set a variable, is pruned', () =>
    expect(unknownIn({ affinity, env })).to.deep.equal([]));

  it('are accepted as pods have them', () => expect(faultsOf({ affinity, env })).to.deep.equal([]));

  it('are pruned of what Kubernetes does not know', () =>
    expect(unknownIn({ affinity: { nodeAffinty: {} }, env: [{ name: 'A', valueFrom: { secret: {} } }] })).to.deep.equal(
      ['affinity.nodeAffinty', 'env[0].valueFrom.secret'],
    ));

  it('name every fault by its path', () => {
    const term = { matchExpressions: [{ key: 'zone', operator: 'Is' }] };
    const faults = faultsOf({
      affinity: {
        nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 101, preference: term }] },
        podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{}] },
      },
      env: [{ name: 'A' }, { name: 'A' }, { name: 'B', valueFrom: { secretKeyRef: { name: 'site' } } }],
    });
    expect(faults).to.have.members([
      'affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchExpressions[0].operator',
      'affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight',
      'affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey',
      'env[1]',
      'env[2].valueFrom.secretKeyRef.key',
    ]);
  });

  it('say which parts one manager owns as a whole', () => {
    expect(kubernetesType('NodeSelectorTerm')['x-kubernetes-map-type']).to.equal('atomic');
    expect(kubernetesType('EnvVarSource')['x-kubernetes-map-type']).to.equal(undefined);
  });
});
