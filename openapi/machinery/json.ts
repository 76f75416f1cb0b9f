/**
 * JSON values in memory, and their text.
 *
 * An integer beyond 2^53 is held as a bigint, so that it comes back digit for digit (K-112); everything else is what
 * JSON.parse makes of it. Reading bytes, with their limits and duplicate keys, is the codec's work (apiserver/codec/json.ts).
 */

export type Json = null | boolean | number | bigint | string | Json[] | { [key: string]: Json };

/** In V8 since Node 22; the type library does not have it yet. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

const exact = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? rawJSON(String(value)) : value);

/**
 * The compact text of a value; bigints are written as numbers.
 *
 * @param indent blanks per level, for people (K-134)
 */
export function jsonText(value: unknown, indent?: number): string {
  try {
    return JSON.stringify(value, undefined, indent) ?? 'null';
  } catch (error) {
    // Only a value that holds a bigint ends up here, so that nobody else pays for the replacer.
    if (!(error instanceof TypeError)) throw error;
    return JSON.stringify(value, exact, indent);
  }
}

/**
 * A value that somebody sent, inside a sentence: strings as they are, everything else as JSON. String() would call the `toString` of
 * `{"toString": 1}`.
 */
export const inWords = (value: unknown): string => (typeof value === 'string' ? value : jsonText(value));

/** A deep copy of what JSON can say. Keys such as `__proto__` stay plain data. */
export function copyOf<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copyOf) as T;
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) setOwn(copy, key, copyOf((value as Record<string, unknown>)[key]));
  return copy as T;
}

/** Assigns an own property, whatever its name is: `object.__proto__ = …` would not (K-113). */
export function setOwn(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  else object[key] = value;
}

/** Reads an own property; inherited ones (`constructor`, `toString`) do not exist for JSON. */
export const ownValue = (object: Record<string, unknown>, key: string): unknown =>
  Object.hasOwn(object, key) ? object[key] : undefined;

/** Do two JSON values say the same, whatever the order of their keys? */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    for (let i = 0; i < a.length; i += 1) if (!sameJson(a[i], b[i])) return false;
    return true;
  }
  const keys = definedKeys(a as Record<string, unknown>);
  if (keys.length !== definedKeys(b as Record<string, unknown>).length) return false;
  for (const key of keys) {
    if (!Object.hasOwn(b, key)) return false;
    if (!sameJson((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key])) return false;
  }
  return true;
}

const definedKeys = (object: Record<string, unknown>): string[] => {
  const keys = Object.keys(object);
  for (const key of keys) if (object[key] === undefined) return keys.filter((name) => object[name] !== undefined);
  return keys;
};
