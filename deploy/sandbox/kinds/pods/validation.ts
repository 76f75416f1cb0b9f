/**
 * Which pods are refused, and what of a pod may change. Kubernetes refuses more; these are the mistakes that people make.
 */
import {
  duplicate,
  type FieldError,
  type FieldPath,
  forbidden,
  invalid,
  notFound,
  notSupported,
  required,
  spec as specPath,
} from '../../../../openapi/machinery/field.ts';
import { sameJson } from '../../../../openapi/machinery/json.ts';
import { recordsIn } from '../../../../openapi/machinery/meta.ts';
import { labelFaults } from '../../../../openapi/machinery/names.ts';
import type { Container, Pod, PodSpec } from './pod.ts';

const restartPolicies = ['Always', 'OnFailure', 'Never'];

export function podFaults({ spec }: Pod): FieldError[] {
  const at = specPath;
  const volumes = new Set(recordsIn(spec.volumes).map(({ name }) => name));
  const names = new Set<string>();
  return [
    ...volumeFaults(spec, at.child('volumes')),
    ...(spec.containers.length ? [] : [required(at.child('containers'))]),
    ...containersFaults(spec.initContainers, at.child('initContainers'), volumes, names),
    ...containersFaults(spec.containers, at.child('containers'), volumes, names),
    ...(restartPolicies.includes(spec.restartPolicy ?? '')
      ? []
      : [notSupported(at.child('restartPolicy'), spec.restartPolicy, restartPolicies)]),
    ...nonNegative(spec.terminationGracePeriodSeconds, at.child('terminationGracePeriodSeconds')),
  ];
}

const nonNegative = (value: number | undefined, at: FieldPath): FieldError[] =>
  value !== undefined && value < 0 ? [invalid(at, value, 'must be greater than or equal to 0')] : [];

const volumeFaults = ({ volumes }: PodSpec, at: FieldPath): FieldError[] =>
  named(recordsIn(volumes) as { name?: string }[], at, new Set());

/** Names that are missing, malformed or taken. */
const named = (items: readonly { name?: string }[], at: FieldPath, taken: Set<string>): FieldError[] =>
  items.flatMap(({ name }, i) => {
    const place = at.index(i).child('name');
    if (!name) return [required(place)];
    const faults = labelFaults(name).map((text) => invalid(place, name, text));
    if (taken.has(name)) faults.push(duplicate(place, name));
    taken.add(name);
    return faults;
  });

/** @param names of the containers so far: init containers share them */
function containersFaults(list: unknown, at: FieldPath, volumes: Set<unknown>, names: Set<string>): FieldError[] {
  const containers = recordsIn(list) as unknown as Container[];
  return [
    ...named(containers, at, names),
    ...containers.flatMap((container, i) => [
      ...(container.image ? [] : [required(at.index(i).child('image'))]),
      ...portFaults(container, at.index(i).child('ports')),
      ...recordsIn(container.volumeMounts).flatMap(({ name, mountPath }, j) => {
        const place = at.index(i).child('volumeMounts').index(j);
        return [
          ...(name ? [] : [required(place.child('name'))]),
          ...(name && !volumes.has(name) ? [notFound(place.child('name'), name)] : []),
          ...(mountPath ? [] : [required(place.child('mountPath'))]),
        ];
      }),
    ]),
  ];
}

const portFaults = ({ ports }: Container, at: FieldPath): FieldError[] =>
  recordsIn(ports).flatMap(({ containerPort }, i) => {
    const place = at.index(i).child('containerPort');
    if (!containerPort) return [required(place)];
    const port = Number(containerPort);
    return port >= 1 && port <= 65_535 ? [] : [invalid(place, containerPort, 'must be between 1 and 65535, inclusive')];
  });

const unchangeable =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

/** @param binding is this the scheduler's write, which may say where the pod runs? */
export function podChangeFaults(pod: Pod, old: Pod, binding: boolean): FieldError[] {
  const faults = podFaults(pod);
  if (faults.length) return faults;
  const [now, then] = [essence(pod.spec, binding), essence(old.spec, binding)];
  const missing = recordsIn(old.spec.tolerations).some(
    (toleration) => !recordsIn(pod.spec.tolerations).some((kept) => sameJson(kept, toleration)),
  );
  return missing || !sameJson(now, then) ? [forbidden(specPath, unchangeable)] : [];
}

/** What of a spec must stay as it was. */
function essence(spec: PodSpec, binding: boolean): unknown {
  const { activeDeadlineSeconds: _, tolerations: _1, containers, initContainers = [], ...rest } = spec;
  if (binding) delete rest.nodeName;
  const withoutImage = ({ image: _2, ...kept }: Container): unknown => kept;
  return { ...rest, containers: containers.map(withoutImage), initContainers: initContainers.map(withoutImage) };
}
