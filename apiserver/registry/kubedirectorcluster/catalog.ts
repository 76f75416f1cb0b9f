/**
 * Apps and the configuration, looked up in the registries of this server: local catalog first, then the system's.
 */
import type { KubeObject } from '../../../openapi/machinery/meta.ts';
import type { KubeDirectorApp } from '../../../openapi/v1beta1/kubedirectorapp.ts';
import type { KubeDirectorConfig } from '../../../openapi/v1beta1/kubedirectorconfig.ts';
import type { Snapshot } from '../../cache/snapshot.ts';
import { configName } from '../kubedirectorconfig/resource.ts';
import type { Registries } from '../registries.ts';
import type { ObjectRegistry } from '../registry.ts';
import type { Catalog, ClusterLookups } from './lookups.ts';

const group = 'kubedirector.bluedata.io';

const known = new WeakMap<Snapshot, KubeObject>();

/** Many clusters are judged by one app, which is parsed once; nobody changes it. */
function parsed(snapshot: Snapshot): KubeObject {
  const object = known.get(snapshot) ?? snapshot.object();
  known.set(snapshot, object);
  return object;
}

/** @param registries asked for when they are needed, since they are made from what is made from this */
export function catalogLookups(registries: () => Registries, systemNamespace: string): ClusterLookups {
  const of = (plural: string): ObjectRegistry => registries().find(group, plural) as ObjectRegistry;
  const peek = <T extends KubeObject>(plural: string, key: string): T | undefined => {
    const snapshot = of(plural).reads.peek(key);
    return snapshot && (parsed(snapshot) as T);
  };
  return {
    async findApp(name, namespace, catalog, signal) {
      await registries().cache.current(signal);
      const places: readonly (readonly [Catalog, string])[] = [
        ['local', namespace],
        ['system', systemNamespace],
      ];
      for (const [where, place] of places) {
        if (catalog !== undefined && catalog !== where) continue;
        const app = peek<KubeDirectorApp>('kubedirectorapps', `${place}/${name}`);
        if (app) return { app, catalog: where };
      }
      return undefined;
    },
    config: () => peek<KubeDirectorConfig>('kubedirectorconfigs', `${systemNamespace}/${configName}`)?.spec ?? {},
  };
}
