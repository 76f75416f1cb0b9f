/**
 * What names mean in a cluster (Kubernetes DNS-Based Service Discovery 1.1): services, and the pods behind headless ones.
 */
import type { Api } from '../api.ts';
import { clusterDomain } from '../settings.ts';
import { type Answer, types } from './message.ts';

interface Service {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly clusterIP: string;
    readonly publishNotReadyAddresses?: boolean;
    readonly ports?: readonly Port[];
  };
}
interface Port {
  readonly name?: string;
  readonly port: number;
  readonly protocol?: string;
}
interface Address {
  readonly ip: string;
  readonly hostname?: string;
}
interface Endpoints {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly subsets?: readonly {
    readonly addresses?: readonly Address[];
    readonly notReadyAddresses?: readonly Address[];
    readonly ports?: readonly Port[];
  }[];
}
type Endpoint = Address & { readonly ports: readonly Port[] };

const suffix = `.svc.${clusterDomain}`;
const reverse = '.in-addr.arpa';

/** @returns undefined for a name that does not exist; none for one that exists and has no records */
export async function lookUp(name: string, api: Api): Promise<Answer[] | undefined> {
  if (name.endsWith(reverse)) return whoHas(name.slice(0, -reverse.length).split('.').reverse().join('.'), api);
  if (!name.endsWith(suffix)) return suffix.endsWith(`.${name}`) ? [] : undefined;
  const [namespace, serviceName, ...within] = name.slice(0, -suffix.length).split('.').reverse();
  if (serviceName === undefined) return [];
  const [service, endpoints] = await Promise.all([
    read<Service>(api, `/api/v1/namespaces/${namespace}/services/${serviceName}`),
    read<Endpoints>(api, `/api/v1/namespaces/${namespace}/endpoints/${serviceName}`),
  ]);
  if (!service) return undefined;
  const behind = endpointsOf(endpoints, service.spec.publishNotReadyAddresses);
  if (within.length === 2) return portRecords(service, behind, within[1]!, within[0]!);
  if (within.length === 1) return found(behind.filter((endpoint) => labelOf(endpoint) === within[0]));
  if (within.length) return undefined;
  if (isHeadless(service)) return found(behind);
  return [{ type: types.A, address: service.spec.clusterIP }];
}

async function read<T>(api: Api, path: string): Promise<T | undefined> {
  const text = await api(path);
  return text === undefined ? undefined : JSON.parse(text);
}

const isHeadless = ({ spec }: Service): boolean => spec.clusterIP === 'None';

const endpointsOf = (endpoints: Endpoints | undefined, evenNotReady = false): Endpoint[] =>
  (endpoints?.subsets ?? []).flatMap(({ addresses = [], notReadyAddresses = [], ports = [] }) =>
    [...addresses, ...(evenNotReady ? notReadyAddresses : [])].map((address) => ({ ...address, ports })),
  );

/** A pod of a StatefulSet has a name of its own; others are called after their address. */
const labelOf = ({ hostname, ip }: Endpoint): string => hostname ?? ip.replaceAll('.', '-');

const found = (endpoints: readonly Endpoint[]): Answer[] | undefined =>
  endpoints.length
    ? [...new Set(endpoints.map(({ ip }) => ip))].map((address) => ({ type: types.A, address }))
    : undefined;

/** `_https._tcp.SERVICE…`: where a port of that name is. */
function portRecords(
  service: Service,
  behind: readonly Endpoint[],
  port: string,
  protocol: string,
): Answer[] | undefined {
  const isMeant = (candidate: Port): boolean =>
    `_${candidate.name}` === port && `_${(candidate.protocol ?? 'TCP').toLowerCase()}` === protocol;
  const ofService = nameOf(service);
  const places = isHeadless(service)
    ? behind.flatMap((endpoint) =>
        endpoint.ports.map((offered) => ({ offered, name: `${labelOf(endpoint)}.${ofService}` })),
      )
    : (service.spec.ports ?? []).map((offered) => ({ offered, name: ofService }));
  const records = places
    .filter(({ offered }) => isMeant(offered))
    .map(({ offered, name }) => ({ type: types.SRV, name, port: offered.port }));
  return records.length ? records : undefined;
}

const nameOf = ({ metadata }: Service | Endpoints): string => `${metadata.name}.${metadata.namespace}${suffix}`;

/** Of an address: the pod's name in its headless service, or the service's. */
async function whoHas(address: string, api: Api): Promise<Answer[] | undefined> {
  const services = (await read<{ items: Service[] }>(api, '/api/v1/services'))?.items ?? [];
  const service = services.find(({ spec }) => spec.clusterIP === address);
  if (service) return [{ type: types.PTR, name: nameOf(service) }];
  const all = (await read<{ items: Endpoints[] }>(api, '/api/v1/endpoints'))?.items ?? [];
  const names = all.flatMap((endpoints) =>
    endpointsOf(endpoints, true)
      .filter(({ ip, hostname }) => ip === address && hostname !== undefined)
      .map(({ hostname }) => `${hostname}.${nameOf(endpoints)}`),
  );
  return names.length ? [...new Set(names)].map((name) => ({ type: types.PTR, name })) : undefined;
}
