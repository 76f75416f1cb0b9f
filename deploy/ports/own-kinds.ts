/**
 * The reconciler's ports to our own kinds: in process, through the registries that serve everybody else.
 */

import { Informer } from '../../apiserver/cache/informer.ts';
import type { Snapshot } from '../../apiserver/cache/snapshot.ts';
import { configName } from '../../apiserver/registry/kubedirectorconfig/resource.ts';
import type { Registries } from '../../apiserver/registry/registries.ts';
import type { ObjectRegistry } from '../../apiserver/registry/registry.ts';
import type { WriteContext } from '../../apiserver/registry/strategy.ts';
import { type KubeObject, keyFromText, keyText, type ObjectKey } from '../../openapi/machinery/meta.ts';
import type { KubeDirectorApp } from '../../openapi/v1beta1/kubedirectorapp.ts';
import type { KubeDirectorCluster } from '../../openapi/v1beta1/kubedirectorcluster.ts';
import type { KubeDirectorConfig } from '../../openapi/v1beta1/kubedirectorconfig.ts';
import type { AppPort, ClusterPort, ConfigPort } from '../../reconciler/cluster/ports.ts';

const group = 'kubedirector.bluedata.io';

/** Status is written as ourselves; nobody is there to be warned. */
const writingStatus: WriteContext = {
  user: { name: 'system:kubedirector', groups: ['system:authenticated'] },
  dryRun: false,
  subresource: 'status',
  warn: () => {},
  manager: { name: 'kubedirector', apiVersion: 'kubedirector.bluedata.io/v1beta1' },
};

const parsed = new WeakMap<Snapshot, KubeObject>();

/** Objects that are handed out are shared: parsed once for each revision, and changed by nobody. */
function objectIn<T extends KubeObject>(snapshot: Snapshot | undefined): T | undefined {
  if (!snapshot) return undefined;
  const object = parsed.get(snapshot) ?? snapshot.object();
  parsed.set(snapshot, object);
  return object as T;
}

/** Tells keys of objects that have changed, from now on. @returns how to stop */
function follow({ cache }: ObjectRegistry, changed: (key: ObjectKey) => void): () => void {
  const informer = new Informer(cache);
  informer.subscribe({
    changed: ({ snapshot: { namespace, name } }) => changed({ namespace, name }),
  });
  return informer.start();
}

export interface OwnKinds {
  readonly clusters: ClusterPort;
  readonly apps: AppPort;
  readonly config: ConfigPort;
}

/** @param systemNamespace where the configuration lives */
export function ownKinds(registries: Registries, systemNamespace: string): OwnKinds {
  const registryOf = (plural: string): ObjectRegistry => {
    const registry = registries.find(group, plural);
    if (!registry) throw new Error(`${plural} are not served`);
    return registry;
  };
  const clusters = registryOf('kubedirectorclusters');
  const apps = registryOf('kubedirectorapps');
  const configs = registryOf('kubedirectorconfigs');
  return {
    clusters: {
      get: async (key) => objectIn<KubeDirectorCluster>(clusters.reads.peek(keyText(key))),
      keys: async (signal) => {
        await registries.cache.current(signal);
        return [...clusters.cache.keys()].map(keyFromText);
      },
      subscribe: (changed) => follow(clusters, changed),
      updateStatus: async (cluster, signal) => {
        const { resourceVersion = '', uid = '' } = cluster.metadata;
        const snapshot = await clusters.writes.modify(
          keyText({ namespace: cluster.metadata.namespace ?? '', name: cluster.metadata.name }),
          () => cluster,
          writingStatus,
          signal,
          { resourceVersion, uid },
        );
        // What is read next must not be older than what was just written.
        await registries.cache.reach(snapshot.revision, signal);
        return objectIn<KubeDirectorCluster>(snapshot)!;
      },
    },
    apps: {
      find: async (key) => objectIn<KubeDirectorApp>(apps.reads.peek(keyText(key))),
      subscribe: (changed) => follow(apps, changed),
    },
    config: {
      get: async () => objectIn<KubeDirectorConfig>(configs.reads.peek(`${systemNamespace}/${configName}`))?.spec ?? {},
      subscribe: (changed) => follow(configs, () => changed()),
    },
  };
}
