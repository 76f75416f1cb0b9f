/**
 * Which Services are refused, in Kubernetes' words. Whether an address is free is addresses.ts' knowledge.
 */
import { isIPv4 } from 'node:net';
import {
  spec as at,
  duplicate,
  type FieldError,
  type FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
} from '../../../../openapi/machinery/field.ts';
import { labelFaults, type NameRule } from '../../../../openapi/machinery/names.ts';
import { hasClusterIp, headless, type Service, type ServicePort } from './service.ts';

const form = '[a-z]([-a-z0-9]*[a-z0-9])?';
const label = new RegExp(`^${form}$`);

/** Names of services begin with a letter: they become host names of old. */
export const dns1035Faults: NameRule = (name) => [
  ...(Buffer.byteLength(name) > 63 ? ['must be no more than 63 characters'] : []),
  ...(label.test(name)
    ? []
    : [
        `a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '${form}')`,
      ]),
];

const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const protocols = ['SCTP', 'TCP', 'UDP'];
const affinities = ['ClientIP', 'None'];

const isPort = (value: number): boolean => Number.isInteger(value) && value >= 1 && value <= 65_535;
const portText = 'must be between 1 and 65535, inclusive';

export function serviceFaults({ spec }: Service): FieldError[] {
  const { type = '', ports = [], clusterIP = '', sessionAffinity = '', externalName } = spec;
  const faults: FieldError[] = [];
  if (!types.includes(type)) faults.push(notSupported(at.child('type'), type, types));
  if (!affinities.includes(sessionAffinity))
    faults.push(notSupported(at.child('sessionAffinity'), sessionAffinity, affinities));
  if (type === 'ExternalName') {
    if (!externalName) faults.push(required(at.child('externalName')));
    if (clusterIP) faults.push(forbidden(at.child('clusterIPs'), "may not be set when `type` is 'ExternalName'"));
  } else if (!ports.length && clusterIP !== headless) faults.push(required(at.child('ports')));
  if (type === 'LoadBalancer' && clusterIP === headless)
    faults.push(
      invalid(at.child('clusterIPs').index(0), clusterIP, "may not be set to 'None' for LoadBalancer services"),
    );
  if (type === 'NodePort' && clusterIP === headless)
    faults.push(invalid(at.child('clusterIPs').index(0), clusterIP, "may not be set to 'None' for NodePort services"));
  if (clusterIP && clusterIP !== headless && !isIPv4(clusterIP))
    faults.push(
      invalid(
        at.child('clusterIPs').index(0),
        clusterIP,
        'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      ),
    );
  return [...faults, ...portsFaults(spec.type ?? '', ports, at.child('ports'))];
}

function portsFaults(type: string, ports: readonly ServicePort[], place: FieldPath): FieldError[] {
  const [names, numbers, onNodes] = [new Set<string>(), new Set<string>(), new Set<string>()];
  return ports.flatMap((port, i) => {
    const here = place.index(i);
    const { name = '', protocol = '', port: number, nodePort = 0 } = port;
    return [
      ...nameFaults(name, here.child('name'), names, ports.length > 1),
      ...(isPort(number) ? [] : [invalid(here.child('port'), number, portText)]),
      ...(protocols.includes(protocol) ? [] : [notSupported(here.child('protocol'), protocol, protocols)]),
      ...targetFaults(port, here.child('targetPort')),
      ...repeated(numbers, `${number}/${protocol}`, () => duplicate(here, { port: number, protocol })),
      ...nodePortFaults(type, nodePort, here.child('nodePort')),
      ...(nodePort
        ? repeated(onNodes, `${nodePort}/${protocol}`, () => duplicate(here.child('nodePort'), nodePort))
        : []),
    ];
  });
}

function nameFaults(name: string, place: FieldPath, taken: Set<string>, several: boolean): FieldError[] {
  if (!name) return several ? [required(place)] : [];
  return [
    ...labelFaults(name).map((text) => invalid(place, name, text)),
    ...repeated(taken, name, () => duplicate(place, name)),
  ];
}

function repeated(taken: Set<string>, value: string, fault: () => FieldError): FieldError[] {
  if (taken.has(value)) return [fault()];
  taken.add(value);
  return [];
}

function targetFaults({ targetPort }: ServicePort, place: FieldPath): FieldError[] {
  if (typeof targetPort === 'number') return isPort(targetPort) ? [] : [invalid(place, targetPort, portText)];
  if (targetPort === undefined) return [];
  if (targetPort.length > 15) return [invalid(place, targetPort, 'must be no more than 15 characters')];
  if (/^(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$/.test(targetPort)) return [];
  return [invalid(place, targetPort, 'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)')];
}

function nodePortFaults(type: string, nodePort: number, place: FieldPath): FieldError[] {
  if (!nodePort || type === 'NodePort' || type === 'LoadBalancer') return [];
  return [forbidden(place, `may not be used when \`type\` is '${type}'`)];
}

export function serviceChangeFaults(now: Service, old: Service): FieldError[] {
  const faults = serviceFaults(now);
  const held = old.spec.clusterIP;
  const moved = held && hasClusterIp({ ...old.spec, clusterIP: '' }) && hasClusterIp({ ...now.spec, clusterIP: '' });
  if (moved && now.spec.clusterIP !== held)
    faults.push(invalid(at.child('clusterIPs').index(0), now.spec.clusterIPs ?? [], 'may not change once set'));
  return faults;
}
