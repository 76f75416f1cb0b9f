/**
 * How group, resource, namespace and name become a key, and back: `/registry/<group>/<resource>/<namespace>/<name>` (K-532).
 *
 * Everything that one installation stores lies under one prefix, our own bookkeeping included, so that a single watch sees
 * every revision. Names are legal path segments before they come here (K-321); this file does not check them again.
 */

/** `core` stands for the core group, whose name is empty. */
const groupSegment = (group: string): string => group || 'core';

/** No API group can be called so, hence none can reach our bookkeeping. */
const bookkeeping = '~';

/** Keys of our own bookkeeping that decide whether a store can be opened, and as what. */
export const ownNames = {
  identity: 'identity',
  epoch: 'epoch',
  /** There while a backup is put in the place of what the store held. */
  restoring: 'restoring',
} as const;

export interface ObjectLocation {
  readonly group: string;
  readonly resource: string;
  /** Empty for cluster-scoped objects. */
  readonly namespace: string;
  readonly name: string;
}

export class Keyspace {
  /** Begins and ends with a slash. */
  readonly prefix: string;

  constructor(prefix = '/registry') {
    this.prefix = `/${prefix.replace(/^\/+|\/+$/g, '')}/`;
  }

  /** All objects of a resource, or those of one namespace. Ends with a slash, so that `demo` never matches `demo2` (K-540). */
  listPrefix(group: string, resource: string, namespace = ''): string {
    const all = `${this.prefix}${groupSegment(group)}/${resource}/`;
    return namespace ? `${all}${namespace}/` : all;
  }

  objectKey({ group, resource, namespace, name }: ObjectLocation): string {
    return this.listPrefix(group, resource, namespace) + name;
  }

  /** Whose objects are under such keys; undefined for our own bookkeeping, and for what is no object. */
  resourceOf(key: string): { readonly group: string; readonly resource: string } | undefined {
    if (!key.startsWith(this.prefix) || this.isOwn(key)) return undefined;
    const afterGroup = key.indexOf('/', this.prefix.length);
    const afterResource = afterGroup < 0 ? -1 : key.indexOf('/', afterGroup + 1);
    if (afterResource < 0) return undefined;
    const group = key.slice(this.prefix.length, afterGroup);
    return { group: group === groupSegment('') ? '' : group, resource: key.slice(afterGroup + 1, afterResource) };
  }

  /** A key of the server's own: `identity`, `compaction`, `guards/…`. */
  ownKey(name: string): string {
    return `${this.prefix}${bookkeeping}/${name}`;
  }

  isOwn(key: string): boolean {
    return key.startsWith(this.prefix + bookkeeping);
  }
}
