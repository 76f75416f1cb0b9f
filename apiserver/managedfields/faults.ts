/**
 * What keeps a configuration from being applied: fields that the schema does not know, values of another type, items that repeat.
 *
 * The texts are those of Kubernetes' typed merge (K-263).
 */
import { jsonText, ownValue } from '../../openapi/machinery/json.ts';
import { isRecord } from '../../openapi/machinery/meta.ts';
import { type FieldType, fieldOf, type ListType, type ObjectType, type ScalarType, typeFor } from './field-type.ts';
import { elementOf } from './list-items.ts';
import { elementText, pathText } from './path-element.ts';

/** @returns one sentence for each, `.spec.zork: field not declared in schema` */
export function faultsOf(type: FieldType, value: unknown): string[] {
  const faults: string[] = [];
  find(type, value, [], faults);
  return faults;
}

/** All in one, as Kubernetes joins them. */
export const joined = (faults: readonly string[]): string =>
  faults.length === 1 ? faults[0]! : ['errors:', ...faults].join('\n  ');

function find(type: FieldType, value: unknown, path: string[], faults: string[]): void {
  if (value === null || value === undefined) return;
  const actual = typeFor(type, value);
  const fault = (text: string): void => void faults.push(path.length ? `${pathText(path)}: ${text}` : text);
  if (actual.kind === 'scalar') {
    const wrong = scalarFault(actual, value);
    if (wrong) fault(wrong);
  } else if (actual.kind === 'object')
    if (isRecord(value)) findInObject(actual, value, path, faults);
    else fault(`expected map, got ${jsonText(value)}`);
  else if (Array.isArray(value)) findInList(actual, value, path, faults, fault);
  else fault(`expected list, got ${jsonText(value)}`);
}

function scalarFault({ holds }: ScalarType, value: unknown): string | undefined {
  const found = typeof value === 'bigint' ? 'number' : typeof value;
  switch (holds) {
    case 'numeric':
      return found === 'number' ? undefined : `expected numeric (int or float), got ${goType(value)}`;
    case 'any':
      return found === 'object' ? `expected any scalar, got ${jsonText(value)}` : undefined;
    default:
      return found === holds ? undefined : `expected ${holds}, got ${jsonText(value)}`;
  }
}

/** Kubernetes names types as Go does. */
function goType(value: unknown): string {
  if (Array.isArray(value)) return '[]interface {}';
  if (isRecord(value)) return 'map[string]interface {}';
  return typeof value === 'boolean' ? 'bool' : 'string';
}

function findInObject(type: ObjectType, object: Record<string, unknown>, path: string[], faults: string[]): void {
  for (const name of Object.keys(object)) {
    if (object[name] === undefined) continue;
    const field = fieldOf(type, name);
    path.push(field?.element ?? `f:${name}`);
    if (field) find(field.type, ownValue(object, name), path, faults);
    else faults.push(`${pathText(path)}: field not declared in schema`);
    path.pop();
  }
}

function findInList(
  type: ListType,
  list: readonly unknown[],
  path: string[],
  faults: string[],
  fault: (text: string) => void,
): void {
  const seen = new Set<string>();
  for (const [i, item] of list.entries()) {
    const element = type.relation === 'atomic' ? `i:${i}` : elementOf(type, item);
    // Without a path element, nothing that comes could be named.
    if (typeof element !== 'string') {
      fault(`element ${i}: ${element.fault}`);
      return;
    }
    if (seen.has(element)) fault(`duplicate entries for key ${elementText(element)}`);
    seen.add(element);
    path.push(element);
    find(type.items, item, path, faults);
    path.pop();
  }
}
