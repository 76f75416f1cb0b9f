/**
 * YAML in and out, as Kubernetes reads and writes it: the scalars of YAML 1.1 (K-114), block style, keys in order.
 *
 * Aliases are expanded within a budget (K-351); repeated keys are told like JSON's.
 */
import { CORE_SCHEMA, dump, load, Type, YAMLException } from 'js-yaml';
import { type Decoded, DecodeError, integerOf, unshared } from './json.ts';

const booleans = new Map(
  [
    ...['y', 'yes', 'on', 'true'].map((word) => [word, true] as const),
    ...['n', 'no', 'off', 'false'].map((word) => [word, false] as const),
  ].flatMap(([word, value]) =>
    [word, word.toUpperCase(), word[0]!.toUpperCase() + word.slice(1)].map((form) => [form, value] as const),
  ),
);

const boolean11 = new Type('tag:yaml.org,2002:bool', {
  kind: 'scalar',
  resolve: (text: string | null) => text !== null && booleans.has(text),
  construct: (text: string) => booleans.get(text),
  predicate: (value) => typeof value === 'boolean',
  represent: (value) => String(value),
});

const integerForm = /^[-+]?(0o?[0-7_]*[0-7]|0x[0-9a-fA-F_]*[0-9a-fA-F]|0b[01_]*[01]|0|[1-9]([0-9_]*[0-9])?)$/;

const integer11 = new Type('tag:yaml.org,2002:int', {
  kind: 'scalar',
  resolve: (text: string | null) => text !== null && integerForm.test(text),
  construct: (text: string) =>
    integerOf(
      text
        .replace(/^[-+]/, '')
        .replaceAll('_', '')
        .replace(/^0o?(?=[0-7])/, '0o'),
      text.startsWith('-'),
    ),
  predicate: (value) => typeof value === 'bigint' || Number.isInteger(value),
  represent: (value) => String(value),
});

const schema = CORE_SCHEMA.extend({ implicit: [boolean11, integer11] });

/** Far beyond any object that fits into a request, far below what hurts. */
const maxNodes = 500_000;

/** @throws DecodeError in words for the client */
export function decodeYaml(bytes: Buffer): Decoded {
  const text = bytes.toString('utf8');
  try {
    return { value: parsed(text, false), duplicates: [] };
  } catch (error) {
    const key = duplicatedKey(error, text);
    if (key === undefined) throw refusal(error);
    try {
      return { value: parsed(text, true), duplicates: [key] };
    } catch (other) {
      throw refusal(other);
    }
  }
}

/** @param repeats may keys stand twice? */
const parsed = (text: string, repeats: boolean): unknown =>
  unshared(load(text, { schema, json: repeats }), { nodes: maxNodes });

const refusal = (error: unknown): DecodeError =>
  error instanceof DecodeError
    ? error
    : new DecodeError(error instanceof YAMLException ? error.message : String(error));

/** `line 7: key "app" already set in map` (K-147), when that is what the parser complained of. */
function duplicatedKey(error: unknown, text: string): string | undefined {
  if (!(error instanceof YAMLException) || error.reason !== 'duplicated mapping key') return undefined;
  const line = text.split('\n')[error.mark.line] ?? '';
  const key = /^[\s-]*["']?([^:"']+)/.exec(line)?.[1] ?? '';
  return `line ${error.mark.line + 1}: key ${JSON.stringify(key)} already set in map`;
}

/** What others would read as moments, or as merging, though we do not: texts like these are quoted. */
const elsewhere = new Type('tag:yaml.org,2002:timestamp', {
  kind: 'scalar',
  resolve: (text: string | null) => text !== null && /^(\d{4}-\d\d?-\d\d?([Tt \t].*)?|<<)$/.test(text),
  predicate: () => false,
});
const quoting = schema.extend({ implicit: [elsewhere] });

/** Keys in order, no line folding, no aliases. */
export const encodeYaml = (value: unknown): Buffer =>
  Buffer.from(dump(value, { sortKeys: true, lineWidth: -1, noRefs: true, schema: quoting, quotingType: '"' }));
