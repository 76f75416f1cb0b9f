/**
 * The schema of a label selector, as several kinds have one.
 */
import { listOf, mapOf, object, string } from '../../../openapi/schema/schema.ts';

const expression = object(
  'A condition on a label.',
  {
    key: string('Label.'),
    operator: string('In, NotIn, Exists or DoesNotExist.'),
    values: listOf(string('Value.'), 'Values.'),
  },
  { required: ['key', 'operator'] },
);

export const labelSelectorSchema = object(
  'Selects objects by their labels.',
  {
    matchLabels: mapOf(string('Value.'), 'Labels that they must have.'),
    matchExpressions: listOf(expression, 'Conditions that they must meet.'),
  },
  { atomic: true },
);
