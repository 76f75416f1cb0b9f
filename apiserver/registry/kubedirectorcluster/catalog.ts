/**
 * What our kinds ask about one another, answered from the registries of this server: apps, in the local catalog first, then in the
 * system's; the configuration; and which clusters use an app.
 */
import { type KubeObject, keyFromText, type ObjectKey } from '../../../openapi/machinery/meta.ts';
import { isNotFound } from '../../../openapi/machinery/status.ts';
import type { KubeDirectorApp } from '../../../openapi/v1beta1/kubedirectorapp.ts';
import type { KubeDirectorCluster } from '../../../openapi/v1beta1/kubedirectorcluster.ts';
import type { KubeDirectorConfig } from '../../../openapi/v1beta1/kubedirectorconfig.ts';
import { objectsUnder } from '../../cache/objects.ts';
import type { Snapshot } from '../../cache/snapshot.ts';
import type { HostClient } from '../../host/rest.ts';
import type { Lookups } from '../index.ts';
import { mostNamed } from '../kubedirectorapp/strategy.ts';
import { configName } from '../kubedirectorconfig/resource.ts';
import type { Registries } from '../registries.ts';
import type { ObjectRegistry } from '../registry.ts';
import type { Catalog } from './lookups.ts';

const group = 'kubedirector.bluedata.io';

/** Touched by every new cluster: the configuration keeps its key, and stays, while there are any. */
const clustersGuard = 'kubedirectorclusters';

const guardOf = ({ namespace, name }: ObjectKey): string => `kubedirectorapps/${namespace}/${name}`;

const known = new WeakMap<Snapshot, KubeObject>();

/** Many clusters are judged by one app, which is parsed once; nobody changes it. */
function parsed(snapshot: Snapshot): KubeObject {
  const object = known.get(snapshot) ?? snapshot.object();
  known.set(snapshot, object);
  return object;
}

/**
 * @param registries asked for when they are needed, since they are made from what is made from this
 * @param host where objects are that we do not serve; absent: there are none
 */
export function catalogLookups(
  registries: () => Registries,
  systemNamespace: string,
  host?: Pick<HostClient, 'get' | 'list'>,
): Lookups {
  const of = (plural: string): ObjectRegistry => registries().find(group, plural) as ObjectRegistry;
  const clustersOf = (app: ObjectKey): ObjectKey[] => {
    const users: ObjectKey[] = [];
    const isSystem = app.namespace === systemNamespace;
    const instances = of('kubedirectorclusters').cache.among(
      [{ field: 'spec.app', negated: false, value: app.name }],
      isSystem ? '' : `${app.namespace}/`,
    );
    // Clusters anywhere use apps of the system catalog, those of the same namespace the others.
    for (const snapshot of isSystem ? instances.values() : objectsUnder(instances, `${app.namespace}/`)) {
      const { appCatalog } = snapshot.object<KubeDirectorCluster>().spec;
      const local = snapshot.namespace === app.namespace && appCatalog !== 'system';
      if (!local && !(isSystem && appCatalog !== 'local')) continue;
      users.push({ namespace: snapshot.namespace, name: snapshot.name });
      if (users.length > mostNamed) break;
    }
    return users;
  };
  return {
    async findApp(name, namespace, catalog, signal) {
      const apps = of('kubedirectorapps');
      const late = await registries().cache.lateAt(signal);
      const places: readonly (readonly [Catalog, string])[] = [
        ['local', namespace],
        ['system', systemNamespace],
      ];
      for (const [where, place] of places) {
        if (catalog !== undefined && catalog !== where) continue;
        const snapshot = await apps.reads.find(`${place}/${name}`, late, signal);
        if (!snapshot) continue;
        const bond = {
          when: [{ key: apps.root + snapshot.key, revision: snapshot.revision }],
          perform: [registries().guards.touched(guardOf(snapshot))],
        };
        return { app: parsed(snapshot) as KubeDirectorApp, catalog: where, bond };
      }
      return undefined;
    },
    async usesOf(app, signal) {
      const { guards, cache } = registries();
      const guard = guardOf(app);
      // First the guard, then the clusters: one that comes in between changes the guard.
      const seen = await guards.seen(guard, signal);
      await cache.current(signal);
      return {
        clusters: clustersOf(app),
        unchanged: { when: [seen] },
        ended: { when: [seen], perform: [guards.dropped(guard)] },
      };
    },
    async findNamed({ group: itsGroup, version, plural, namespace, name }, signal) {
      const served = registries().find(itsGroup, plural);
      if (served) return served.reads.peek(served.keyOf({ namespace, name }))?.object();
      if (!host) throw new Error(`nobody can tell whether there is ${plural} ${name}`);
      try {
        return await host.get({ group: itsGroup, version, plural }, namespace, name, signal);
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },
    async findAll({ group: itsGroup, version, plural }, signal) {
      const served = registries().find(itsGroup, plural);
      if (served) return [...served.cache.current().values()].map((snapshot) => snapshot.object());
      if (!host) throw new Error(`nobody can tell which ${plural} there are`);
      return (await host.list({ group: itsGroup, version, plural }, {}, signal)).items;
    },
    async someClusters(signal) {
      const { guards, cache } = registries();
      const seen = await guards.seen(clustersGuard, signal);
      await cache.current(signal);
      const [first] = of('kubedirectorclusters').cache.keys();
      return {
        clusters: first === undefined ? [] : [keyFromText(first)],
        unchanged: { when: [seen] },
      };
    },
    config() {
      const configs = of('kubedirectorconfigs');
      const key = `${systemNamespace}/${configName}`;
      const snapshot = configs.reads.peek(key);
      return {
        spec: (snapshot && (parsed(snapshot) as KubeDirectorConfig).spec) ?? {},
        bond: {
          when: [{ key: configs.root + key, revision: snapshot?.revision ?? 0 }],
          perform: [registries().guards.touched(clustersGuard)],
        },
      };
    },
  };
}
