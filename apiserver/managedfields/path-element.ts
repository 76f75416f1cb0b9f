/**
 * Path elements: one step from a container to what it holds, in the text that FieldsV1 gives it (K-275).
 *
 * `f:spec` is a field, `k:{"id":"a"}` the item of a map list with these keys, `v:"q"` the value of a set, `i:0` a place in a list.
 * Equal steps have equal texts, so that sets can be hash maps of texts. A path is an array of them.
 */
import { jsonText, ownValue } from '../../openapi/machinery/json.ts';
import { isRecord } from '../../openapi/machinery/meta.ts';
import { decodeJson } from '../codec/json.ts';

export type Path = readonly string[];

export const fieldElement = (name: string): string => `f:${name}`;

export const valueElement = (value: unknown): string => `v:${canonicalJson(value)}`;

/** @param keys sorted by name, as Kubernetes writes them */
export const keyElement = (keys: readonly (readonly [name: string, value: unknown])[]): string =>
  `k:{${keys.map(([name, value]) => `${canonicalJson(name)}:${canonicalJson(value)}`).join(',')}}`;

/** Text that equal values share: keys sorted, and the characters escaped that Kubernetes escapes. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (isRecord(value))
    return `{${Object.keys(value)
      .sort(compareTexts)
      .map((key) => `${canonicalJson(key)}:${canonicalJson(value[key])}`)
      .join(',')}}`;
  const text = jsonText(value);
  return typeof value === 'string' && /[<>&\u2028\u2029]/.test(text)
    ? text.replace(/[<>&\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
    : text;
}

/** A key of one plain string, as nearly all are: canonical as it stands. */
const plainKey = /^k:\{"[\w.-]+":"[\w ./:=-]*"\}$/;
const plainValue = /^v:(?:"[\w ./:=-]*"|0|-?[1-9]\d*|true|false)$/;

/**
 * A path element as somebody wrote it, in canonical text.
 *
 * @returns undefined for an element of a type that is not known; a future version may know what it is
 * @throws Error when it is no path element
 */
export function readElement(text: string): string | undefined {
  if (text.length < 2) throw new Error('key must be 2 characters long');
  if (text[1] !== ':') throw new Error(`missing colon: ${text}`);
  switch (text[0]) {
    case 'f':
      return text;
    case 'k': {
      if (plainKey.test(text)) return text;
      const keys = contentOf(text);
      if (!isRecord(keys)) throw new Error(`not an object of keys: ${text}`);
      const names = Object.keys(keys).sort(compareTexts);
      return keyElement(names.map((name) => [name, ownValue(keys, name)]));
    }
    case 'v':
      return plainValue.test(text) ? text : valueElement(contentOf(text));
    case 'i':
      if (!/^i:[+-]?\d{1,15}$/.test(text)) throw new Error(`not an index: ${text}`);
      return `i:${Number(text.slice(2))}`;
    default:
      return undefined;
  }
}

/** The JSON inside of an element. @throws DecodeError */
const contentOf = (element: string): unknown =>
  plainKey.test(element) ? JSON.parse(element.slice(2)) : decodeJson(Buffer.from(element.slice(2))).value;

/** `.spec.roles[id="a"].members`, as people read it in conflicts (K-269). */
export const pathText = (path: Path): string => path.map(elementText).join('');

export function elementText(element: string): string {
  const rest = element.slice(2);
  switch (element[0]) {
    case 'f':
      return `.${rest}`;
    case 'k':
      return `[${keysOf(element)
        .map(([name, value]) => `${name}=${jsonText(value)}`)
        .join(',')}]`;
    case 'v':
      return `[=${jsonText(contentOf(element))}]`;
    default:
      return `[${rest}]`;
  }
}

const keysOf = (element: string): [string, unknown][] => Object.entries(contentOf(element) as Record<string, unknown>);

/** Elements in the order in which Kubernetes writes them: fields, items by key, values, places. */
export function sortedElements(elements: Iterable<string>): string[] {
  const list = [...elements];
  if (list.length < 2) return list;
  if (list.every((element) => element[0] === 'f')) return list.sort(compareTexts);
  // Each is parsed once, not once for every comparison.
  return list
    .map((element) => ({ element, rank: 'fkvi'.indexOf(element[0]!), sense: senseOf(element) }))
    .sort((a, b) => a.rank - b.rank || compareSenses(a.sense, b.sense))
    .map(({ element }) => element);
}

function senseOf(element: string): readonly unknown[] {
  if (element[0] === 'f') return [element];
  if (element[0] === 'k') return keysOf(element).flat();
  return [contentOf(element)];
}

function compareSenses(a: readonly unknown[], b: readonly unknown[]): number {
  for (let i = 0; i < a.length && i < b.length; i += 1) {
    const order = compareValues(a[i], b[i]);
    if (order) return order;
  }
  return a.length - b.length;
}

/** Numbers, then strings, then booleans, then the rest. */
function compareValues(a: unknown, b: unknown): number {
  const rank = kindRank(a) - kindRank(b);
  if (rank) return rank;
  if (typeof a === 'string') return compareTexts(a, b as string);
  if (typeof a === 'object') return compareTexts(canonicalJson(a), canonicalJson(b));
  return Number(a! > b!) - Number(a! < b!);
}

function kindRank(value: unknown): number {
  if (typeof value === 'number' || typeof value === 'bigint') return 0;
  if (typeof value === 'string') return 1;
  if (typeof value === 'boolean') return 2;
  if (Array.isArray(value)) return 3;
  return value === null ? 5 : 4;
}

/** By bytes of UTF-8, as Go compares: not by UTF-16, where surrogates stand before U+E000. */
export function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return x >= 0xd800 && y >= 0xd800 ? fixedUp(x) - fixedUp(y) : x - y;
  }
  return a.length - b.length;
}

/** Moves surrogates behind all other units. */
const fixedUp = (unit: number): number => (unit >= 0xe000 ? unit - 0x800 : unit + 0x2000);
