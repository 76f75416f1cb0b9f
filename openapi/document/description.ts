/**
 * Descriptions as people read them. `kubectl explain` prints the description of a field and the words of its enum, so whatever else is
 * worth knowing has to stand in the description.
 */
import { jsonText } from '../machinery/json.ts';
import type { Schema } from '../schema/schema.ts';

/** The description, followed by the default and an example where there are. */
export function descriptionOf({ description = '', default: fallback, example }: Schema): string {
  const sentences = [
    description,
    isTelling(fallback) ? `Default: ${plain(fallback)}` : '',
    isTelling(example) ? `Example: ${plain(example)}` : '',
  ];
  return sentences.filter((sentence) => sentence !== '').join('\n');
}

/** An empty object as a default says only that its fields have defaults. */
const isTelling = (value: unknown): boolean => value !== undefined && jsonText(value) !== '{}';

/** A text as it is typed in YAML, anything else as compact JSON. */
const plain = (value: unknown): string => (typeof value === 'string' && value !== '' ? value : jsonText(value));
