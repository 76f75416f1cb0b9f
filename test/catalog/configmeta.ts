/**
 * What setup scripts read about their cluster: a configmeta document of a few roles, and the configcli that KubeDirector brings along.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Described {
  readonly distro: string;
  /** Of the members of each role: id and host name. */
  readonly roles: Readonly<Record<string, readonly (readonly [id: number, host: string])[]>>;
  readonly constants?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly memory?: string;
  /** Tokens of services, of every role. */
  readonly tokens?: Readonly<Record<string, string>>;
}

/** The document as the member of that id gets it. */
function configmetaFor(
  id: number,
  { distro, roles, constants = {}, secrets, memory = '2048', tokens = {} }: Described,
) {
  const [role, members] = Object.entries(roles).find(([, list]) => list.some(([one]) => one === id))!;
  const [, host] = members.find(([one]) => one === id)!;
  const roleOf = (list: readonly (readonly [number, string])[]) => ({
    services: Object.fromEntries(Object.entries(tokens).map(([service, authToken]) => [service, { authToken }])),
    node_ids: list.map(([one]) => String(one)),
    hostnames: list.map(([, name]) => name),
    fqdns: list.map(([, name]) => name),
    flavor: { storage: 'n/a', name: 'n/a', description: 'n/a', memory, cores: '1' },
    ...(secrets && { secret_keys: secrets }),
  });
  return {
    version: '7',
    services: Object.fromEntries(
      Object.keys(tokens).map((service) => [
        service,
        {
          '1': Object.fromEntries(
            Object.keys(roles).map((name) => [
              name,
              { bdvlibrefkey: ['nodegroups', '1', 'roles', name, 'services', service] },
            ]),
          ),
        },
      ]),
    ),
    nodegroups: {
      '1': {
        roles: Object.fromEntries(
          Object.entries(roles).flatMap(([name, list]) => (list.length ? [[name, roleOf(list)]] : [])),
        ),
        distro_id: distro,
        catalog_entry_version: '1.0',
        config_metadata: constants,
      },
    },
    distros: { [distro]: { '1': { bdvlibrefkey: ['nodegroups', '1'] } } },
    cluster: { name: 'demo', isolated: false, id: '2d1c7a54-5a3e-4c55-9d0e-0d9a0f1b2c3d' },
    node: { role_id: role, nodegroup_id: '1', id: String(id), hostname: host, fqdn: host, distro_id: distro },
    connections: { clusters: {}, configmaps: {}, secrets: {} },
  };
}

const helper = join(import.meta.dirname, '../../reconciler/guest/configcli');
const library = '/usr/local/lib/configcli';

/** What a member is given before its start script runs, by the paths that it has there: configmeta, and our configcli. */
export const setupFiles = (id: number, described: Described): Record<string, string> => ({
  '/etc/guestconfig/configmeta.json': JSON.stringify(configmetaFor(id, described)),
  '/usr/local/bin/configcli': readFileSync(join(helper, 'configcli.sh'), 'utf8').replaceAll('@LIBRARY@', library),
  [`${library}/configcli.awk`]: readFileSync(join(helper, 'configcli.awk'), 'utf8'),
});
