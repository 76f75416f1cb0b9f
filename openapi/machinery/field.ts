/**
 * Field paths and the faults found at them: how validation says what is wrong and where.
 *
 * The wording is Kubernetes' own (K-385 to K-397), because people and programs match on it.
 * This file does not know which fields exist.
 */
import { jsonText } from './json.ts';
import { isRecord } from './meta.ts';

/** A place in an object: `spec.roles[2].id`. Immutable; every step makes a new path. */
export class FieldPath {
  readonly #text: string;

  constructor(text = '') {
    this.#text = text;
  }

  child(name: string): FieldPath {
    return new FieldPath(this.#text ? `${this.#text}.${name}` : name);
  }

  index(position: number): FieldPath {
    return new FieldPath(`${this.#text}[${position}]`);
  }

  /** An entry of a map; the key is written as it is (K-396). */
  key(name: string): FieldPath {
    return new FieldPath(`${this.#text}[${name}]`);
  }

  toString(): string {
    return this.#text;
  }
}

export const root = new FieldPath();
export const spec = root.child('spec');
export const metadata = root.child('metadata');

export type FieldErrorReason =
  | 'FieldValueRequired'
  | 'FieldValueInvalid'
  | 'FieldValueTypeInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueDuplicate'
  | 'FieldValueForbidden'
  | 'FieldValueNotFound'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueTooShort'
  | 'FieldValueTooFew'
  | 'InternalError';

/** One fault. `message` is everything after `FIELD: ` in the sentence that a client reads. */
export interface FieldError {
  readonly reason: FieldErrorReason;
  readonly field: string;
  readonly message: string;
}

type Place = FieldPath | string;

const fault = (reason: FieldErrorReason, at: Place, message: string): FieldError => ({
  reason,
  field: String(at),
  message,
});

/** Values as Kubernetes prints them: strings as Go quotes them, scalars bare, structures as compact JSON (K-397). */
export const printed = (value: unknown): string => (typeof value === 'string' ? quoted(value) : jsonText(value));

const named: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\u0007', '\\a'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
]);

/** What cannot be seen is told by its number. */
const quoted = (text: string): string => `"${text.replace(/["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, escaped)}"`;

function escaped(letter: string): string {
  const code = letter.codePointAt(0) ?? 0;
  const [mark, digits] = code < 0x80 ? ['x', 2] : code < 0x10000 ? ['u', 4] : ['U', 8];
  return named.get(letter) ?? `\\${mark}${code.toString(16).padStart(digits as number, '0')}`;
}

const after = (what: string, detail: string): string => (detail ? `${what}: ${detail}` : what);

export const required = (at: Place, detail = ''): FieldError =>
  fault('FieldValueRequired', at, after('Required value', detail));

export const invalid = (at: Place, value: unknown, detail: string): FieldError =>
  fault('FieldValueInvalid', at, after(`Invalid value: ${printed(value)}`, detail));

/** The value is of another JSON type than the schema asks for; only the types are shown (K-387). */
export const typeInvalid = (at: Place, expected: string, found: string): FieldError =>
  fault(
    'FieldValueTypeInvalid',
    at,
    `Invalid value: "${found}": ${at} in body must be of type ${expected}: "${found}"`,
  );

export const notSupported = (at: Place, value: unknown, supported: readonly string[]): FieldError => {
  const choices = supported.length ? `supported values: ${supported.map(quoted).join(', ')}` : '';
  return fault('FieldValueNotSupported', at, after(`Unsupported value: ${printed(value)}`, choices));
};

export const duplicate = (at: Place, value: unknown): FieldError =>
  fault('FieldValueDuplicate', at, `Duplicate value: ${printed(value)}`);

export const forbidden = (at: Place, detail: string): FieldError =>
  fault('FieldValueForbidden', at, after('Forbidden', detail));

export const notFound = (at: Place, value: unknown): FieldError =>
  fault('FieldValueNotFound', at, `Not found: ${printed(value)}`);

export const tooLong = (at: Place, maxBytes: number): FieldError =>
  fault('FieldValueTooLong', at, `Too long: may not be more than ${maxBytes} bytes`);

export const tooMany = (at: Place, found: number, max: number): FieldError =>
  fault('FieldValueTooMany', at, `Too many: ${found}: must have at most ${max} items`);

/** The JSON type of a value, in the schema's words; `integer` for a number without a fraction. */
export const typeOf = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (isRecord(value)) return 'object';
  if (typeof value === 'bigint') return 'integer';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
};

/** `FIELD: MESSAGE`, or the message alone for a fault of the whole object. */
export const faultText = ({ field, message }: FieldError): string => (field ? `${field}: ${message}` : message);
