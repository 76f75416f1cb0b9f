/**
 * Where we and the judge differ and mean to. The judge is as old as Debian's package (4.1.2, of the time of Kubernetes 1.22);
 * newer servers decided some things otherwise.
 *
 * - **The order of lists.** The judge puts new items of sets and map lists at the end. Kubernetes has since put them where the
 *   configuration has them. Lists are compared as sets; the order has tests of its own.
 * - **Emptied containers.** When the last part of a map or a list is pruned and the container stays, the judge leaves null, which
 *   most schemas refuse. We leave the container, empty.
 * - **Who owns emptiness.** Where nothing but null and empty containers is left of a container, the judge loses sight of it and prunes
 *   it though somebody owns it. Where an object holds any of them, ownership is compared for the rest of it.
 * - **Conflicts** the judge tells with some paths twice in place of others (a shared buffer); only their number is compared.
 * - **Items that repeat** make the judge refuse the stored object; Kubernetes since 1.27 bears them. None are made here.
 * - **Items without some of their keys** are refused by the judge and accepted since. None are made here.
 */

import { canonicalJson } from '../../../../apiserver/managedfields/path-element.ts';
import { isRecord } from '../../../../openapi/machinery/meta.ts';

/** What is left of an object when the known differences are taken out. */
export function comparable(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(comparable).map((item) => item ?? null);
    return items.length ? items.sort((a, b) => (canonicalJson(a) < canonicalJson(b) ? -1 : 1)) : undefined;
  }
  if (!isRecord(value)) return value ?? undefined;
  const entries = Object.entries(value)
    .map(([name, inner]) => [name, comparable(inner)] as const)
    .filter(([, inner]) => inner !== undefined);
  return entries.length ? Object.fromEntries(entries) : undefined;
}

/** Is there anything in it that is null or empty? */
export const isHollow = (value: unknown): boolean =>
  value === null ||
  (typeof value === 'object' && (Object.keys(value).length === 0 || Object.values(value).some(isHollow)));
