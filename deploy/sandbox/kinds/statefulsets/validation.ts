/**
 * Which StatefulSets are refused, and what of one may change. The pods of its template are judged when they are made, as in
 * Kubernetes.
 */
import {
  spec as at,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
} from '../../../../openapi/machinery/field.ts';
import { sameJson } from '../../../../openapi/machinery/json.ts';
import { fromStructured, selects } from '../../../../openapi/machinery/label-selector.ts';
import type { StatefulSet, StatefulSetSpec } from './statefulset.ts';

const managementPolicies = ['OrderedReady', 'Parallel'];
const strategies = ['RollingUpdate', 'OnDelete'];
const retentions = ['Retain', 'Delete'];

export function statefulSetFaults({ spec }: StatefulSet): FieldError[] {
  const { podManagementPolicy: policy, updateStrategy, persistentVolumeClaimRetentionPolicy: retention } = spec;
  const faults: FieldError[] = [];
  if (!managementPolicies.includes(policy))
    faults.push(notSupported(at.child('podManagementPolicy'), policy, managementPolicies));
  if (!strategies.includes(updateStrategy.type))
    faults.push(notSupported(at.child('updateStrategy').child('type'), updateStrategy.type, strategies));
  for (const when of ['whenDeleted', 'whenScaled'] as const)
    if (!retentions.includes(retention[when])) {
      const place = at.child('persistentVolumeClaimRetentionPolicy').child(when);
      faults.push(notSupported(place, retention[when], retentions));
    }
  for (const field of ['replicas', 'minReadySeconds', 'revisionHistoryLimit'] as const)
    faults.push(...nonNegative(spec[field], at.child(field)));
  const rolling = at.child('updateStrategy').child('rollingUpdate').child('partition');
  faults.push(...nonNegative(updateStrategy.rollingUpdate?.partition, rolling));
  faults.push(...nonNegative(spec.ordinals?.start, at.child('ordinals').child('start')));
  return [...faults, ...selectorFaults(spec), ...templateFaults(spec)];
}

const nonNegative = (value: number | undefined, place: typeof at): FieldError[] =>
  value !== undefined && value < 0 ? [invalid(place, value, 'must be greater than or equal to 0')] : [];

function selectorFaults({ selector, template }: StatefulSetSpec): FieldError[] {
  const place = at.child('selector');
  if (!selector) return [required(place)];
  const { matchLabels = {}, matchExpressions = [] } = selector;
  if (!Object.keys(matchLabels).length && !matchExpressions.length)
    return [invalid(place, selector, 'empty selector is invalid for statefulset')];
  const labels = template?.metadata?.labels ?? {};
  if (selects(fromStructured(selector), labels)) return [];
  const labelsAt = at.child('template').child('metadata').child('labels');
  return [invalid(labelsAt, labels, '`selector` does not match template `labels`')];
}

function templateFaults({ template }: StatefulSetSpec): FieldError[] {
  const place = at.child('template');
  if (!template?.spec) return [required(place.child('spec').child('containers'))];
  const { restartPolicy } = template.spec;
  return restartPolicy === 'Always'
    ? []
    : [notSupported(place.child('spec').child('restartPolicy'), restartPolicy, ['Always'])];
}

const changeable = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
] as const;

const fieldList = `${changeable
  .slice(0, -1)
  .map((field) => `'${field}'`)
  .join(', ')} and '${changeable.at(-1)}'`;

export function statefulSetChangeFaults(now: StatefulSet, old: StatefulSet): FieldError[] {
  const fixed = ({ spec }: StatefulSet): unknown => {
    const rest: Partial<StatefulSetSpec> = { ...spec };
    for (const field of changeable) delete rest[field];
    return rest;
  };
  const text = `updates to statefulset spec for fields other than ${fieldList} are forbidden`;
  return [...statefulSetFaults(now), ...(sameJson(fixed(now), fixed(old)) ? [] : [forbidden(at, text)])];
}
