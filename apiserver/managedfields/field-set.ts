/**
 * Field sets: which paths of an object somebody owns. Trees that share what they have in common; nobody changes one.
 *
 * A node says whether its own path is in the set, and what is below. That a path is in the set says nothing of those above it or
 * below it. Nothing here knows schemas or managers.
 */
import { type Path, sortedElements } from './path-element.ts';

const nothing: ReadonlyMap<string, FieldSet> = new Map();

export class FieldSet {
  /** A node whose own path is in the set, with nothing below. */
  static readonly leaf = new FieldSet(true, nothing);
  static readonly empty = new FieldSet(false, nothing);

  /** Is the path that leads here in the set? Never at the root: nobody owns all of an object. */
  readonly self: boolean;
  /** By path element. No node below is empty. */
  readonly below: ReadonlyMap<string, FieldSet>;

  constructor(self: boolean, below: ReadonlyMap<string, FieldSet>) {
    this.self = self;
    this.below = below;
  }

  /** The set of these paths. */
  static of(...paths: readonly Path[]): FieldSet {
    const builder = new FieldSetBuilder();
    for (const path of paths) builder.add(path);
    return builder.set();
  }

  get isEmpty(): boolean {
    return !this.self && this.below.size === 0;
  }

  has(path: Path): boolean {
    let node: FieldSet | undefined = this;
    for (const element of path) {
      node = node.below.get(element);
      if (!node) return false;
    }
    return node.self;
  }

  equals(other: FieldSet): boolean {
    if (this === other) return true;
    if (this.self !== other.self || this.below.size !== other.below.size) return false;
    for (const [element, node] of this.below) {
      const twin = other.below.get(element);
      if (!twin || !node.equals(twin)) return false;
    }
    return true;
  }

  union(other: FieldSet): FieldSet {
    if (this === other || other.isEmpty) return this;
    if (this.isEmpty) return other;
    const below = new Map(this.below);
    for (const [element, node] of other.below) {
      const present = below.get(element);
      below.set(element, present ? present.union(node) : node);
    }
    return new FieldSet(this.self || other.self, below);
  }

  intersection(other: FieldSet): FieldSet {
    if (this === other) return this;
    const below = new Map<string, FieldSet>();
    const [small, large] = this.below.size <= other.below.size ? [this, other] : [other, this];
    for (const [element, node] of small.below) {
      const twin = large.below.get(element);
      const common = twin && node.intersection(twin);
      if (common && !common.isEmpty) below.set(element, common);
    }
    return node(this.self && other.self, below);
  }

  /** Without the paths of `other`; what is below one of them stays. */
  difference(other: FieldSet): FieldSet {
    return this.#minus(other, false);
  }

  /** Without the paths of `other` and all that is below them. */
  recursiveDifference(other: FieldSet): FieldSet {
    return this.#minus(other, true);
  }

  #minus(other: FieldSet, recursive: boolean): FieldSet {
    const self = this.self && !other.self;
    let below: Map<string, FieldSet> | undefined;
    const [small, large] = this.below.size <= other.below.size ? [this, other] : [other, this];
    for (const element of small.below.keys()) {
      if (!large.below.has(element)) continue;
      const mine = this.below.get(element)!;
      const theirs = other.below.get(element)!;
      const rest = recursive && theirs.self ? FieldSet.empty : mine.#minus(theirs, recursive);
      if (rest === mine) continue;
      below ??= new Map(this.below);
      if (rest.isEmpty) below.delete(element);
      else below.set(element, rest);
    }
    if (self === this.self && !below) return this;
    return node(self, below ?? this.below);
  }

  /** The paths that have no other path of the set below them. */
  leaves(): FieldSet {
    const below = new Map<string, FieldSet>();
    for (const [element, inner] of this.below) below.set(element, inner.leaves());
    return node(this.self && below.size === 0, below);
  }

  /** Every path, in Kubernetes' order: at each level first what is owned there, then what is below. */
  *paths(prefix: Path = []): Generator<Path> {
    const elements = sortedElements(this.below.keys());
    for (const element of elements) if (this.below.get(element)!.self) yield [...prefix, element];
    for (const element of elements) yield* this.below.get(element)!.paths([...prefix, element]);
  }
}

/** One node for all leaves, and one for all that is empty. */
function node(self: boolean, below: ReadonlyMap<string, FieldSet>): FieldSet {
  if (below.size) return new FieldSet(self, below);
  return self ? FieldSet.leaf : FieldSet.empty;
}

/** Collects paths, each at a cost of its length. */
export class FieldSetBuilder {
  readonly #nodes = new Map<string, FieldSet>();

  /** @param subtree what there is at the end of the path and below; absent: only the path itself */
  add(path: Path, subtree = FieldSet.leaf): void {
    const last = path.at(-1);
    // Nobody owns all of an object, so that the root's own mark is let go.
    if (last === undefined) {
      for (const [element, inner] of subtree.below) this.add([element], inner);
      return;
    }
    let nodes = this.#nodes;
    for (let i = 0; i < path.length - 1; i += 1) nodes = this.#inside(nodes, path[i]!);
    nodes.set(last, nodes.get(last)?.union(subtree) ?? subtree);
  }

  /** The nodes below an element, which must be the builder's own to change. */
  #inside(nodes: Map<string, FieldSet>, element: string): Map<string, FieldSet> {
    const present = nodes.get(element);
    // Nodes that the builder made for itself are not in the set; others may be shared.
    if (present && !present.self) return present.below as Map<string, FieldSet>;
    const below = new Map(present?.below);
    nodes.set(element, new FieldSet(present?.self ?? false, below));
    return below;
  }

  /** Ends the collecting. */
  set(): FieldSet {
    return node(false, this.#nodes);
  }
}
