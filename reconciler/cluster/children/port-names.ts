/**
 * The ports of a role, with names that both a container and a Service accept: at most 15 of `a-z0-9-`, at least one letter, no
 * hyphen at an end or beside another (IANA service names, which Kubernetes asks of container ports).
 */
import type { AppService } from '../../../openapi/v1beta1/kubedirectorapp.ts';

export interface RolePort {
  readonly port: number;
  /** The id of the service, as far as it fits: `spark-master`. */
  readonly containerPortName: string;
  /** `scheme-id`, as far as it fits: meshes and ingress controllers read the protocol off its beginning. */
  readonly servicePortName: string;
}

const longestPortName = 15;

/** As the original called ports of services without a scheme. */
const noScheme = 'generic';

/**
 * One port for each service that has one, in the order given. Of two services on the same port the first counts, since a Service
 * cannot have a port twice.
 */
export function namedPorts(services: readonly AppService[]): RolePort[] {
  const ports: RolePort[] = [];
  const taken = { container: new Set<string>(), service: new Set<string>() };
  for (const { id, endpoint } of services) {
    const port = endpoint?.port;
    if (!port || ports.some((other) => other.port === port)) continue;
    ports.push({
      port,
      containerPortName: unique(portName(id), taken.container),
      servicePortName: unique(portName(`${wordOf(endpoint.urlScheme ?? '') || noScheme}-${id}`), taken.service),
    });
  }
  return ports;
}

const wordOf = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');

const fit = (name: string, characters: number): string => name.slice(0, characters).replace(/-$/, '');

function portName(text: string): string {
  const word = wordOf(text);
  return fit(/[a-z]/.test(word.slice(0, longestPortName)) ? word : `port-${word}`, longestPortName);
}

/** Two ids that are alike in their first letters get numbers instead of their last ones. */
function unique(name: string, taken: Set<string>): string {
  let candidate = name;
  for (let n = 2; taken.has(candidate); n += 1) candidate = `${fit(name, longestPortName - `-${n}`.length)}-${n}`;
  taken.add(candidate);
  return candidate;
}
