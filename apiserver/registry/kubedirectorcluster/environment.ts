/**
 * Environment variables of a role, as Kubernetes judges those of containers: pods with others can never be made.
 */
import { type FieldError, type FieldPath, invalid } from '../../../openapi/machinery/field.ts';
import type { ClusterRole } from '../../../openapi/v1beta1/kubedirectorcluster.ts';

export const environmentFaults = ({ env = [] }: ClusterRole, at: FieldPath): FieldError[] =>
  env.flatMap(({ name, value, valueFrom }, i) => {
    const place = at.child('env').index(i);
    const named = /^[ -<>-~]+$/.test(name) ? [] : [invalid(place.child('name'), name, nameText)];
    if (!valueFrom) return named;
    const sources = Object.values(valueFrom).filter((source) => source !== undefined && source !== null).length;
    const from = place.child('valueFrom');
    if (value) return [...named, invalid(from, '', 'may not be specified when `value` is not empty')];
    if (sources === 0) return [...named, invalid(from, '', noSource)];
    if (sources > 1) return [...named, invalid(from, '', 'may not have more than one field specified at a time')];
    return named;
  });

const nameText = "a valid environment variable name must consist only of printable ASCII characters other than '='";
const noSource =
  'must specify one of: `fieldRef`, `resourceFieldRef`, `fileKeyRef`, `configMapKeyRef` or `secretKeyRef`';
