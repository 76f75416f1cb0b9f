/**
 * The items of sets and map lists by their path elements.
 *
 * Applied lists hold each item once (K-286). Stored ones may hold items that repeat, from before their list had keys; those are
 * then owned and replaced together.
 */
import { ownValue } from '../../openapi/machinery/json.ts';
import { isRecord } from '../../openapi/machinery/meta.ts';
import type { ListType } from './field-type.ts';
import { keyElement, valueElement } from './path-element.ts';

/** Several items with one path element. */
export class Repeated {
  readonly items: unknown[];

  constructor(...items: unknown[]) {
    this.items = items;
  }
}

/** @returns why the item has no path element, instead of one */
export function elementOf({ relation, keys }: ListType, item: unknown): string | { readonly fault: string } {
  if (relation === 'set') {
    if (isRecord(item)) return { fault: "associative list without keys has an element that's a map type" };
    if (Array.isArray(item)) return { fault: 'not supported: associative list with lists as elements' };
    if (item === null) return { fault: "associative list without keys has an element that's an explicit null" };
    return valueElement(item);
  }
  if (item === null) return { fault: 'associative list with keys may not have a null element' };
  if (!isRecord(item)) return { fault: 'associative list with keys may not have non-map elements' };
  const found: [string, unknown][] = [];
  for (const { name, fallback } of keys) {
    const value = ownValue(item, name) ?? fallback;
    if (value !== undefined) found.push([name, value]);
  }
  if (found.length) return keyElement(found);
  const names = `[${keys.map(({ name }) => JSON.stringify(name)).join(' ')}]`;
  return {
    fault: `associative list with keys has an element that omits all key fields ${names} (and doesn't have default values for any key fields)`,
  };
}

/** The items by path element, in the order of the list. Items that have none are passed over; validation tells of them. */
export function itemsByElement(type: ListType, list: readonly unknown[]): Map<string, unknown> {
  const items = new Map<string, unknown>();
  for (const item of list) {
    const element = elementOf(type, item);
    if (typeof element !== 'string') continue;
    const present = items.get(element);
    if (present instanceof Repeated) present.items.push(item);
    else items.set(element, items.has(element) ? new Repeated(present, item) : item);
  }
  return items;
}
