/**
 * Which objects of a resource a request is about: a namespace and two selectors, the same for list, watch and deletecollection (K-206).
 */
import type { Form } from '../../openapi/form.ts';
import {
  demanded,
  type FieldSelector,
  type FieldTerm,
  parseFieldSelector,
  selectsFields,
} from '../../openapi/machinery/field-selector.ts';
import { type LabelSelector, parseLabelSelector, selects } from '../../openapi/machinery/label-selector.ts';
import { StatusError } from '../../openapi/machinery/status.ts';
import type { Snapshot } from '../cache/snapshot.ts';
import type { SelectableField } from './resource.ts';

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

/** What the keys of all selected objects begin with: whoever asks for one name does not pay for the others. */
export const keyPrefix = ({ namespace, fields }: Selection): string =>
  namespace ? `${namespace}/${demanded(fields, 'metadata.name') ?? ''}` : '';

/** What field selectors may ask for in one version: the field as it is called there → the term as the hub would say it. */
export type Selectable = ReadonlyMap<string, (term: FieldTerm) => FieldTerm>;

const asItIs = (term: FieldTerm): FieldTerm => term;

const always = [
  ['metadata.name', asItIs],
  ['metadata.namespace', asItIs],
] as const;

export const selectableIn = (
  fields: readonly Pick<SelectableField<never>, 'label'>[] = [],
  { selectableFields: spellings = {} }: Pick<Form, 'selectableFields'> = {},
): Selectable =>
  new Map([
    ...always,
    ...fields.map(({ label }) => {
      const { field = label, toHub = (value: string) => value } = spellings[label] ?? {};
      return [field, (term: FieldTerm) => ({ ...term, field: label, value: toHub(term.value) })] as const;
    }),
  ]);

export type Selectors = Pick<Selection, 'labels' | 'fields'>;

/** @throws StatusError BadRequest for what is no selector (K-202, K-203) */
export function parseSelectors(labelSelector: string, fieldSelector: string): Selectors {
  try {
    return { labels: parseLabelSelector(labelSelector), fields: parseFieldSelector(fieldSelector) };
  } catch (error) {
    throw StatusError.badRequest((error as Error).message);
  }
}

/**
 * @param selectable what the resource lets people select by in the version of the request
 * @throws StatusError BadRequest for other fields (K-204)
 */
export function selectionBy(namespace: string, { labels, fields }: Selectors, selectable: Selectable): Selection {
  const inHub = fields.map((term) => {
    const toHub = selectable.get(term.field);
    if (!toHub) throw StatusError.badRequest(`field label not supported: ${term.field}`);
    return toHub(term);
  });
  return { namespace, labels, fields: inHub };
}
