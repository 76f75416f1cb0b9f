/**
 * YAML in and out, as Kubernetes reads and writes it: the scalars of YAML 1.1 (K-114), block style, keys in order.
 *
 * Aliases and merge keys are expanded within a budget (K-351); repeated keys are told like JSON's.
 */
import { CORE_SCHEMA, dump, load, Type, YAMLException } from 'js-yaml';
import { ownValue, setOwn } from '../../openapi/machinery/json.ts';
import { isRecord } from '../../openapi/machinery/meta.ts';
import { type Decoded, DecodeError, integerOf, unshared } from './json.ts';
import { repeatedKeys } from './yaml-lines.ts';

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
    if (!(error instanceof YAMLException) || error.reason !== 'duplicated mapping key') throw refusal(error);
    try {
      return { value: parsed(text, true), duplicates: repeatedKeys(text).map(alreadySet) };
    } catch (other) {
      throw refusal(other);
    }
  }
}

/** @param repeats may keys stand twice? */
const parsed = (text: string, repeats: boolean): unknown =>
  merged(unshared(load(text, { schema, json: repeats }), { nodes: maxNodes }));

const mergeKey = '<<';

/**
 * With the mappings of merge keys (`<<: *base`) in their place: what stands beside wins, then what comes first.
 *
 * By now every alias is a copy that was counted, so this takes no longer than reading the document.
 */
function merged(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(merged);
  if (!isRecord(value)) return value;
  const own: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) if (key !== mergeKey) setOwn(own, key, merged(inner));
  const bases = [ownValue(value, mergeKey) ?? []].flat();
  if (!bases.every(isRecord)) throw new DecodeError('map merge requires map or sequence of maps as the value');
  for (const base of bases)
    for (const [key, inner] of Object.entries(merged(base) as Record<string, unknown>))
      if (!Object.hasOwn(own, key)) setOwn(own, key, inner);
  return own;
}

const refusal = (error: unknown): DecodeError =>
  error instanceof DecodeError
    ? error
    : new DecodeError(error instanceof YAMLException ? error.message : String(error));

/** As Go says it (K-147). */
const alreadySet = ({ key, line }: { key: string; line: number }): string =>
  `line ${line}: key ${JSON.stringify(key)} already set in map`;

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
