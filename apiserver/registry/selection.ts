/**
 * Which objects of a resource a request is about: a namespace and two selectors, the same for list, watch and deletecollection (K-206).
 */
import {
  demanded,
  type FieldSelector,
  parseFieldSelector,
  selectsFields,
} from '../../openapi/machinery/field-selector.ts';
import { type LabelSelector, parseLabelSelector, selects } from '../../openapi/machinery/label-selector.ts';
import { StatusError } from '../../openapi/machinery/status.ts';
import type { Snapshot } from '../cache/snapshot.ts';

export interface Selection {
  /** Empty: all namespaces. */
  readonly namespace: string;
  readonly labels: LabelSelector;
  readonly fields: FieldSelector;
}

export const selected = ({ namespace, labels, fields }: Selection, snapshot: Snapshot): boolean =>
  (namespace === '' || snapshot.namespace === namespace) &&
  (labels.length === 0 || selects(labels, snapshot.labels)) &&
  (fields.length === 0 || selectsFields(fields, snapshot.fields));

/** Does it pick objects by more than their namespace? */
export const picks = ({ labels, fields }: Selection): boolean => labels.length > 0 || fields.length > 0;

/** The one name that is asked for, if there is one (K-037). */
export const demandedName = ({ fields }: Selection): string | undefined => demanded(fields, 'metadata.name');

/**
 * @param selectable labels of fields that the resource lets people select by
 * @throws StatusError BadRequest in the words of K-202 to K-204
 */
export function parseSelection(
  namespace: string,
  labelSelector: string,
  fieldSelector: string,
  selectable: readonly string[],
): Selection {
  try {
    const fields = parseFieldSelector(fieldSelector);
    for (const { field } of fields)
      if (field !== 'metadata.name' && field !== 'metadata.namespace' && !selectable.includes(field))
        throw new Error(`field label not supported: ${field}`);
    return { namespace, labels: parseLabelSelector(labelSelector), fields };
  } catch (error) {
    throw StatusError.badRequest((error as Error).message);
  }
}
