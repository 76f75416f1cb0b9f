/**
 * What ownership costs a write: microseconds of CPU for clusters of the catalog as the server keeps them, with three owners. Run with
 * `node test/bench/managedfields.ts`.
 *
 * Of several rounds the best counts: neighbours on the machine only ever make it slower.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeYaml } from '../../apiserver/codec/yaml.ts';
import { FieldManager } from '../../apiserver/managedfields/field-manager.ts';
import { copyOf } from '../../openapi/machinery/json.ts';
import type { KubeObject } from '../../openapi/machinery/meta.ts';
import { kubeDirectorClusterV1alpha1 } from '../../openapi/v1alpha1/kubedirectorcluster.ts';
import { type KubeDirectorCluster, kubeDirectorCluster } from '../../openapi/v1beta1/kubedirectorcluster.ts';

const v1beta1 = 'kubedirector.bluedata.io/v1beta1';
const v1alpha1 = 'kubedirector.bluedata.io/v1alpha1';
const time = '2026-01-01T00:00:00Z';
const { toHub, fromHub, schema } = kubeDirectorClusterV1alpha1;

const inHub = (document: unknown): KubeDirectorCluster =>
  ({ ...toHub!(copyOf(document) as Record<string, unknown>), apiVersion: v1beta1 }) as KubeDirectorCluster;
const asPublished = (object: KubeObject): KubeObject =>
  ({ ...fromHub!(copyOf(object)), apiVersion: v1alpha1 }) as unknown as KubeObject;

const fields = new FieldManager({
  schemaOf: (apiVersion) => (apiVersion === v1beta1 ? kubeDirectorCluster : schema),
  convert: (object, apiVersion) => (apiVersion === v1beta1 ? inHub(object) : asPublished(object)),
});

const rounds = 5;
const perRound = 2000;

function microseconds(work: () => unknown): string {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round += 1) {
    const started = process.cpuUsage();
    for (let i = 0; i < perRound; i += 1) work();
    const { user, system } = process.cpuUsage(started);
    best = Math.min(best, (user + system) / perRound);
  }
  return best.toFixed(1).padStart(8);
}

const updated = (
  live: KubeObject,
  object: KubeObject,
  manager: string,
  apiVersion = v1beta1,
  subresource = '',
): KubeObject => {
  const managedFields = fields.recordUpdate({ live, object, manager, apiVersion, subresource, time });
  return { ...object, metadata: { ...object.metadata, ...(managedFields && { managedFields }) } };
};

/** As it is after kubectl applied it, and the controller wrote a status and a label. */
function stored(configuration: KubeObject, labelledThrough: string): KubeDirectorCluster {
  const result = fields.applyConfiguration({
    live: undefined,
    configuration: { ...configuration },
    manager: 'kubectl',
    apiVersion: configuration.apiVersion,
    force: false,
    time,
  });
  if ('conflicts' in result) throw new Error('a conflict with nobody');
  const { object, managedFields = [] } = result;
  const made = { ...object, metadata: { ...object.metadata, managedFields } } as KubeDirectorCluster;
  const roles = made.spec.roles.map(({ id, members = 1 }) => ({
    id,
    members: Array.from({ length: members }, (_, i) => ({ pod: `${id}-${i}`, nodeID: i, state: 'configured' })),
  }));
  const status = { state: 'configured', observedGeneration: 1, roles };
  const running = updated(made, { ...made, status } as unknown as KubeObject, 'kubedirector', v1beta1, 'status');
  const labelled = { ...running, metadata: { ...running.metadata, labels: { team: 'a' } } };
  return JSON.parse(JSON.stringify(updated(running, labelled, 'labeller', labelledThrough)));
}

for (const name of ['spark221e2', 'cassandra311']) {
  const yaml = readFileSync(join(import.meta.dirname, `../../catalog/clusters/cr-cluster-${name}.yaml`));
  const configuration = inHub(decodeYaml(yaml).value);
  const live = stored(configuration, v1beta1);
  const mixed = stored(configuration, v1alpha1);
  const changed = (object: KubeDirectorCluster): KubeDirectorCluster => {
    const copy = copyOf(object);
    copy.spec.roles[0]!.members = 7;
    return copy;
  };
  const update = (from: KubeDirectorCluster, to: KubeDirectorCluster) => () =>
    fields.recordUpdate({ live: from, object: to, manager: 'kubectl-edit', apiVersion: v1beta1, time });
  const apply = (from: KubeDirectorCluster | undefined, wanted: KubeDirectorCluster) => () =>
    fields.applyConfiguration({
      live: from,
      configuration: { ...wanted },
      manager: 'kubectl',
      apiVersion: v1beta1,
      force: true,
      time,
    });
  const fewer = copyOf(configuration);
  fewer.spec.roles.pop();
  const size = JSON.stringify(live).length;
  console.log(`\n${name}: ${size} bytes, ${JSON.stringify(live.metadata.managedFields).length} of them managedFields`);
  console.log('      µs');
  for (const [title, work] of [
    ['parsing it, for comparison', () => JSON.parse(JSON.stringify(live))],
    ['an update of nothing', update(live, copyOf(live))],
    ['an update of one field', update(live, changed(live))],
    ['an update of one field, an owner in the other version', update(mixed, changed(mixed))],
    [
      'a create',
      () => fields.recordUpdate({ live: undefined, object: configuration, manager: 'm', apiVersion: v1beta1, time }),
    ],
    ['an apply of the same', apply(live, copyOf(configuration))],
    ['an apply of one other value', apply(live, changed(configuration))],
    ['an apply with a role less', apply(live, fewer)],
    ['an apply of one other value, an owner in the other version', apply(mixed, changed(configuration))],
    ['an apply to nothing', apply(undefined, configuration)],
  ] as const)
    console.log(`${microseconds(work)}  ${title}`);
}
