/**
 * The same facts in the same words: what Kubernetes 1.20 says as later servers say it, and both without what no requirement fixes.
 */
import { isRecord } from '../../../openapi/machinery/meta.ts';

export interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

/** Words that changed since, in texts of every kind. */
const changes: readonly (readonly [RegExp, string])[] = [
  [/must have at most (\d+) bytes/g, 'may not be more than $1 bytes'],
  // Names of objects still have characters (K-320).
  [/(name|prefix) part must be no more than (\d+) characters/g, '$1 part must be no more than $2 bytes'],
  [/a qualified name must consist of/g, 'a valid label key must consist of'],
  // Values were printed as Go has them, and are JSON now (K-397).
  [/(Unsupported value: )\[\]string\{("[^{}]*")\}/g, '$1[$2]'],
  [/(Invalid value: )0x0\b/g, '$10'],
  // The type that is told in brackets is Go's (K-119).
  [/(the requested object is (?:not )?a list) \(.*\)$/g, '$1'],
];

/** Of one fault, whoever tells it. */
const ofCauses: readonly (readonly [RegExp, string])[] = [
  // Places in lists are told since 1.25.
  [/\[\d+\]/g, ''],
  // Whole structures are JSON now (K-397).
  [
    /^(Duplicate|Invalid) value: (?:map\[string\]|\[?\{|\[\]v1|v1\.|\[\]string\{|\[").*?[}\]](?=: |$)/g,
    '$1 value: STRUCTURE',
  ],
  [/^Invalid value: "?TIME"?: /g, 'Invalid value: TIME: '],
  [/^(Invalid value: "": )(?:kind|name|uid) (must not be empty)$/g, '$1$2'],
  // Controllers are told with their kinds since 1.22.
  [/ in references for (?:\w+\/)?(\w+) and (?:\w+\/)?(\w+)$/g, ' in references for $1 and $2'],
  [/ in body must be of type (?:int32|integer): "(?:float64|number)"$/g, ' in body must be of type integer: "number"'],
  [/^Invalid value: "float64"/g, 'Invalid value: "number"'],
  [/^Invalid value: .* in body should be at most (\d+) chars long$/g, 'Too long: may not be more than $1 bytes'],
  [/^Invalid value: .* in body should have at most (\d+) items$/g, 'Too many: $1'],
  [/^Too many: \d+: must have at most (\d+) items$/g, 'Too many: $1'],
];

const replaced = (text: string, pairs: readonly (readonly [RegExp, string])[]): string =>
  pairs.reduce((words, [old, now]) => words.replace(old, now), text);

/** Told by their words, since reasons have been added (K-387, K-392, K-393). */
function causeIn({ message, field }: Cause): Cause {
  // The whole patched object, in another order of fields.
  const words = field === 'patch' ? 'Invalid value' : replaced(message, ofCauses);
  const place = replaced(field, ofCauses);
  const told = place === 'metadata.labels' ? words.replace('63 characters', '63 bytes') : words;
  return { reason: '', message: told, field: place };
}

/**
 * Custom resources have their scale read once more, and then its path begins with a dot. 1.20 also takes an empty text for null, beside
 * what is really wrong with it, and tells a spec that is no object that it has nothing of what it needs.
 */
function isOfCustomResources({ field, message }: Cause, all: readonly Cause[]): boolean {
  if (field.startsWith('.') || beside.test(message)) return true;
  return (
    / must be of type \w+: "null"$/.test(message) &&
    all.some((other) => other.field === field && other.message !== message)
  );
}

/** What one of them says beside what both say: of numbers that are too large, that they are no int32 either. */
const beside =
  /: (Checked value must be of type integer with format |must be an object for an array of list-type map$)/;

export function causesIn(causes: readonly Cause[]): Cause[] {
  const byText = new Map(
    causes
      .filter((cause) => !isOfCustomResources(cause, causes))
      .map((cause) => [JSON.stringify(causeIn(cause)), cause]),
  );
  return [...byText.keys()].sort().map((text) => JSON.parse(text) as Cause);
}

export const isCauses = (value: unknown): value is Cause[] =>
  Array.isArray(value) &&
  value.every((item) => isRecord(item) && typeof item.message === 'string' && typeof item.field === 'string');

export const inLaterWords = (text: string): string => replaced(text, changes);
