/**
 * Descriptions as people read them. `kubectl explain` prints the description of a field and the words of its enum, so whatever else is
 * worth knowing has to stand in the description.
 */
import { jsonText } from '../machinery/json.ts';
import type { Schema } from '../schema/schema.ts';

/** The description, followed by bounds, the default and an example where there are. */
export function descriptionOf(schema: Schema): string {
  const { description = '', default: fallback, example } = schema;
  const sentences = [
    [description, boundsOf(schema)].join(' ').trim(),
    isTelling(fallback) ? `Default: ${plain(fallback)}` : '',
    isTelling(example) ? `Example: ${plain(example)}` : '',
  ];
  return sentences.filter((sentence) => sentence !== '').join('\n');
}

/** That a count is not below zero, or a text not empty, goes without saying. */
function boundsOf({ minimum = 0, maximum, maxLength }: Schema): string {
  if (maxLength !== undefined) return `At most ${maxLength} characters.`;
  if (maximum !== undefined) return `From ${minimum} to ${maximum}.`;
  return minimum > 0 ? `At least ${minimum}.` : '';
}

/** An empty object as a default says only that its fields have defaults. */
const isTelling = (value: unknown): boolean => value !== undefined && jsonText(value) !== '{}';

/** A text as it is typed in YAML, anything else as compact JSON. A text that YAML would take for a number has to be quoted. */
const plain = (value: unknown): string =>
  typeof value === 'string' && Number.isNaN(Number(value || 0)) ? value : jsonText(value);
