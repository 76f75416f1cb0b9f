/**
 * Validation by schema, compiled once into closures: type, bounds, patterns, enums, required fields, list keys; every fault at once.
 *
 * The wording is that of Kubernetes' validator for custom resources (K-385 to K-401). Rules that a schema cannot say live with
 * their kind.
 */
import {
  duplicate,
  type FieldError,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
  typeInvalid,
  typeOf,
} from '../machinery/field.ts';
import { jsonText, ownValue } from '../machinery/json.ts';
import { isRecord } from '../machinery/meta.ts';
import { Path } from './path.ts';
import type { Schema } from './schema.ts';

type Check = (value: unknown, path: Path, faults: FieldError[]) => void;

/** @returns every fault of a value; paths begin below it */
export type Validator = (value: unknown) => FieldError[];

export function compileValidation(schema: Schema): Validator {
  const check = checkFor(schema);
  return (value) => {
    const faults: FieldError[] = [];
    check(value, new Path(), faults);
    return faults;
  };
}

function checkFor(schema: Schema): Check {
  const inner = innerCheck(schema);
  const { nullable, enum: allowed, format } = schema;
  const expected = schema.type;
  const intOrString = schema['x-kubernetes-int-or-string'] === true;
  return (value, path, faults) => {
    if (value === null) {
      if (!nullable && (expected || intOrString)) faults.push(wrongType(path, expected ?? 'integer,string', value));
      return;
    }
    if (intOrString && typeof value !== 'string' && typeOf(value) !== 'integer')
      return void faults.push(wrongType(path, 'integer,string', value));
    if (allowed && !allowed.includes(value as string))
      faults.push(notSupported(String(path), value, allowed.map(String)));
    if (expected && !isOfType(expected, value)) {
      // Of a number in the place of another Kubernetes tells the formats of both.
      if (format && format !== 'password' && typeof value === 'number')
        faults.push(typeInvalid(String(path), format, 'float64'));
      else faults.push(wrongType(path, expected, value));
      return;
    }
    inner?.(value, path, faults);
  };
}

const isOfType = (expected: NonNullable<Schema['type']>, value: unknown): boolean => {
  const found = typeOf(value);
  return found === expected || (expected === 'number' && found === 'integer');
};

const wrongType = (path: Path, expected: string, value: unknown): FieldError =>
  typeInvalid(String(path), expected, typeOf(value));

function innerCheck(schema: Schema): Check | undefined {
  if (schema.type === 'object' || schema.properties) return objectCheck(schema);
  if (schema.type === 'array') return listCheck(schema);
  if (schema.type === 'string' || (schema['x-kubernetes-int-or-string'] && schema.pattern)) return stringCheck(schema);
  if (schema.type === 'integer' || schema.type === 'number') return numberCheck(schema);
  return undefined;
}

function objectCheck({ properties = {}, required: names = [], additionalProperties }: Schema): Check {
  const checks = Object.entries(properties).map(([name, schema]) => [name, checkFor(schema)] as const);
  const values = isRecord(additionalProperties) ? checkFor(additionalProperties) : undefined;
  return (object, path, faults) => {
    if (!isRecord(object)) return;
    for (const name of names) if (ownValue(object, name) === undefined) faults.push(required(path.with(name)));
    for (const [name, check] of checks) {
      const value = ownValue(object, name);
      if (value === undefined) continue;
      path.push(name);
      check(value, path, faults);
      path.pop();
    }
    if (!values) return;
    for (const key of Object.keys(object)) {
      path.push(key);
      values(object[key], path, faults);
      path.pop();
    }
  };
}

function listCheck(schema: Schema): Check {
  const items = schema.items ? checkFor(schema.items) : undefined;
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema;
  const identity = identityOf(schema);
  return (list, path, faults) => {
    if (!Array.isArray(list)) return;
    if (items)
      for (let i = 0; i < list.length; i += 1) {
        path.push(i);
        items(list[i], path, faults);
        path.pop();
      }
    if (list.length > maxItems) faults.push(tooMany(String(path), list.length, maxItems));
    if (list.length < minItems)
      faults.push(invalid(String(path), list.length, `${path} in body should have at least ${minItems} items`));
    if (identity) reportDuplicates(list, identity, path, faults);
  };
}

/** What tells items of a set or a map list apart; undefined for lists in which items may repeat. */
function identityOf(schema: Schema): ((item: unknown) => unknown) | undefined {
  if (schema['x-kubernetes-list-type'] === 'set') return (item) => item;
  if (schema['x-kubernetes-list-type'] !== 'map') return undefined;
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  return (item) => {
    if (!isRecord(item)) return undefined;
    const entries = keys.map((key) => [key, ownValue(item, key)] as const).filter(([, value]) => value !== undefined);
    return entries.length ? Object.fromEntries(entries) : undefined;
  };
}

function reportDuplicates(
  list: unknown[],
  identity: (item: unknown) => unknown,
  path: Path,
  faults: FieldError[],
): void {
  const seen = new Set<string>();
  list.forEach((item, i) => {
    const id = identity(item);
    if (id === undefined || id === null) return;
    const text = jsonText(id);
    if (seen.has(text)) faults.push(duplicate(path.with(i), id));
    seen.add(text);
  });
}

function stringCheck(schema: Schema): Check {
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern, format, hint } = schema;
  // As Kubernetes explains its own patterns of names.
  const form = `should match '${pattern}'${hint ? ` (${hint})` : ''}`;
  // What is secret is not said again, where it would be kept in logs.
  const shown = (text: string): string => (format === 'password' ? '******' : text);
  // Patterns come from schemas, which are ours, never from requests.
  const matcher = pattern === undefined ? undefined : new RegExp(pattern, 'u');
  return (text, path, faults) => {
    if (typeof text !== 'string') return;
    // Characters are counted only where that can matter: a character has one or two units.
    const length = text.length < 2 * minLength || text.length > maxLength ? [...text].length : text.length;
    if (length > maxLength) faults.push(tooLong(String(path), maxLength));
    if (length < minLength)
      faults.push(invalid(String(path), shown(text), `${path} in body should be at least ${minLength} chars long`));
    if (matcher && !matcher.test(text)) faults.push(invalid(String(path), shown(text), `${path} in body ${form}`));
    if (format === 'date-time' && !isDateTime(text))
      faults.push(invalid(String(path), text, `${path} in body must be of type date-time: ${JSON.stringify(text)}`));
  };
}

const rfc3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** JavaScript's parser alone would take `1` for a date. */
const isDateTime = (text: string): boolean => rfc3339.test(text) && !Number.isNaN(Date.parse(text));

const ranges: Readonly<Record<string, readonly [bigint, bigint]>> = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
};

function numberCheck({ minimum, maximum, format }: Schema): Check {
  const range = format === undefined ? undefined : ranges[format];
  return (value, path, faults) => {
    if (typeof value !== 'number' && typeof value !== 'bigint') return;
    if (range && Number.isInteger(Number(value)) && (BigInt(value) < range[0] || BigInt(value) > range[1]))
      faults.push(
        invalid(String(path), value, `Checked value must be of type integer with format ${format} in ${path}`),
      );
    if (minimum !== undefined && value < minimum)
      faults.push(invalid(String(path), value, `${path} in body should be greater than or equal to ${minimum}`));
    if (maximum !== undefined && value > maximum)
      faults.push(invalid(String(path), value, `${path} in body should be less than or equal to ${maximum}`));
  };
}
