/**
 * Field selectors: `metadata.name=a,spec.app!=spark` (K-203), over the few fields that a kind lets people select by.
 *
 * Which fields those are, and that others are refused (K-204), is the kind's knowledge.
 */

export interface FieldTerm {
  readonly field: string;
  readonly negated: boolean;
  readonly value: string;
}

/** The empty list selects everything. */
export type FieldSelector = readonly FieldTerm[];

/** What a field holds. One that stands in every item of a list holds several values. */
export type FieldValue = string | readonly string[];

/** A field without a value counts as the empty string, as in Kubernetes. Of several values, one has to be equal, or with `!=` none. */
export const selectsFields = (selector: FieldSelector, fields: Readonly<Record<string, FieldValue>>): boolean => {
  for (const { field, negated, value } of selector) if (holds(fields[field], value) === negated) return false;
  return true;
};

const holds = (held: FieldValue | undefined, value: string): boolean =>
  typeof held === 'string' ? held === value : valuesOf(held).includes(value);

/** Everything that a field is equal to. */
export function valuesOf(held: FieldValue | undefined): readonly string[] {
  if (typeof held === 'string') return [held];
  return held?.length ? held : [''];
}

/** The value that `selector` demands of `field`, if it demands exactly one (used for `metadata.name`, K-037). */
export const demanded = (selector: FieldSelector, field: string): string | undefined =>
  selector.find((term) => term.field === field && !term.negated)?.value;

/** @throws Error in Kubernetes' words, when `text` is not a selector */
export function parseFieldSelector(text: string): FieldSelector {
  if (text === '') return [];
  return splitUnescaped(text, ',')
    .filter((term) => term !== '')
    .map((term) => termOf(term, text));
}

function termOf(term: string, selector: string): FieldTerm {
  const at = term.search(/!=|=/);
  if (at < 0) throw new Error(`invalid selector: '${selector}'; can't understand '${term}'`);
  const operator = ['!=', '==', '='].find((candidate) => term.startsWith(candidate, at))!;
  return {
    field: term.slice(0, at),
    negated: operator === '!=',
    value: unescaped(term.slice(at + operator.length)),
  };
}

/** Splits where `mark` stands without a backslash before it. */
function splitUnescaped(text: string, mark: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === mark) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...parts, text.slice(start)];
}

/** Only `\\`, `\,` and `\=` are escapes. */
function unescaped(value: string): string {
  let plain = '';
  for (let at = 0; at < value.length; at += 1) {
    if (value[at] === '\\') {
      at += 1;
      const escaped = value[at];
      if (escaped === undefined || !'\\,='.includes(escaped))
        throw new Error(`invalid field selector: invalid escape sequence: \\${escaped ?? ''}`);
      plain += escaped;
    } else if (value[at] === ',' || value[at] === '=') {
      throw new Error(`invalid field selector: unescaped character in value: ${value}`);
    } else plain += value[at];
  }
  return plain;
}
