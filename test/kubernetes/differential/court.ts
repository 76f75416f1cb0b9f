/**
 * The two sides side by side: our fixture server, and the real Kubernetes with a CustomResourceDefinition of the fixture's schema.
 */
import { namespaceLifecycle } from '../../../apiserver/registry/admission.ts';
import type { Resource } from '../../../apiserver/registry/resource.ts';
import type { TestServer } from '../../apiserver/serving.ts';
import { startFixtureServer } from '../../apiserver/wire/fixture-server.ts';
import { fixtureKind, fixtureKinds, fixturePlural } from '../../make/fixture-kind.ts';
import type { Namespace } from '../namespace.ts';
import { type Cluster, cleanUpAtTheEnd } from '../the-cluster.ts';
import { answered, type Direct, Side, type Way, wayTo } from './sides.ts';

/** Not that of KubeDirector, which an APIService may have on this cluster. */
export const group = 'differential.example.com';
export const apiVersion = `${group}/v1beta1`;
export const kind = fixtureKind;

/**
 * The fixture's, but for amounts, which are integers: kube-apiserver 1.20 gives up on the schema of a kind with x-kubernetes-int-or-string
 * ("has invalid property: anyOf"), and then every field of it is owned as if there were none.
 */
const schema = withoutIntOrString(fixtureKinds.forms[0]!.schema);

function withoutIntOrString<T>(given: T): T {
  const text = JSON.stringify(given).replaceAll('{"x-kubernetes-int-or-string":true}', '{"type":"integer"}');
  return JSON.parse(text) as T;
}

/** The fixture's own may be those of another kind on this cluster. */
const names = { shortNames: ['differential'], categories: [] };

const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${fixturePlural}.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: {
      plural: fixtureKinds.plural,
      singular: fixtureKinds.singular,
      kind,
      listKind: fixtureKinds.listKind,
      shortNames: names.shortNames,
    },
    versions: [
      {
        name: 'v1beta1',
        served: true,
        storage: true,
        subresources: {
          status: {},
          scale: {
            specReplicasPath: '.spec.replicas',
            statusReplicasPath: '.status.replicas',
            labelSelectorPath: '.status.selector',
          },
        },
        additionalPrinterColumns: [
          { name: 'App', type: 'string', jsonPath: '.spec.app' },
          { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
          { name: 'Members', type: 'integer', jsonPath: '.spec.replicas', priority: 1 },
        ],
        schema: { openAPIV3Schema: asDefined(schema as unknown as Record<string, unknown>) },
      },
    ],
  },
};

/** Without words of ours, and with metadata as everybody has it. */
function asDefined({ definition: _, ...schema }: Record<string, unknown>): object {
  const properties = schema.properties as Record<string, unknown>;
  return { ...schema, properties: { ...properties, metadata: { type: 'object' } } };
}

export interface Court {
  readonly ours: Side;
  readonly theirs: Side;
  /** For the next story. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

export async function openCourt(cluster: Cluster, namespace: Namespace): Promise<Court> {
  cleanUpAtTheEnd(() =>
    cluster.kubectl('delete', 'crd', definition.metadata.name, '--wait=false', '--ignore-not-found'),
  );
  await cluster.apply([definition]);
  await cluster.kubectl('wait', '--for=condition=Established', `crd/${definition.metadata.name}`, '--timeout=30s');
  const server = await startFixtureServer({
    // The namespace is theirs, and the only one.
    admission: namespaceLifecycle({
      find: async (name) =>
        name === namespace.name ? { apiVersion: 'v1', kind: 'Namespace', metadata: { name, uid: name } } : undefined,
    }),
    resources: () => [
      { ...fixtureKinds, ...names, group, forms: [{ version: 'v1beta1', schema }] } as unknown as Resource,
    ],
  });
  const collection = `/apis/${apiVersion}/namespaces/${namespace.name}/${fixturePlural}`;
  const real = wayTo(cluster.kubeconfig);
  const [ours, theirs] = [new Side(wayToOurs(server), collection), new Side(real, collection)];
  await servesAlready(real, collection);
  return {
    ours,
    theirs,
    clear: async () => void (await Promise.all([ours.wipe(), theirs.wipe()])),
    close: async () => {
      await Promise.all([ours.wipe(), theirs.wipe()]);
      await server.stop();
      await real.close();
    },
  };
}

/** An established kind is served a moment later. */
async function servesAlready(way: Direct, collection: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while ((await way.send(collection, { method: 'GET', headers: {} })).code !== 200)
    if (Date.now() > deadline) throw new Error('the kind is defined, and not served');
}

const wayToOurs = ({ admin }: TestServer): Way => ({
  send: async (path, { method, headers, body }) => {
    const {
      code,
      headers: told,
      text,
    } = await admin.ask(path, { method, headers, ...(body !== undefined && { body }) });
    return answered(code, told, text);
  },
});
