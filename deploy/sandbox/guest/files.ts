/**
 * The files of simulated containers: few and small, in memory. What lies below the mount of a claim belongs to the claim.
 *
 * Directories are there when something lies in them.
 */
import { posix } from 'node:path';
import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** Thousands of members hold a document each that says much the same again and again; longer ones are kept small. */
const packedFrom = 512;

type Content = string | Uint8Array;

const packed = (text: string): Content =>
  // A copy of its own size: what zlib gives is a piece of something larger.
  text.length < packedFrom ? text : Uint8Array.from(deflateRawSync(text, { level: 1 }));

const unpacked = (content: Content): string =>
  typeof content === 'string' ? content : inflateRawSync(content).toString();

/** Files by their absolute paths. */
export class FileTree {
  readonly #files = new Map<string, Content>();

  read(path: string): string | undefined {
    const content = this.#files.get(path);
    return content === undefined ? undefined : unpacked(content);
  }

  write(path: string, text: string): void {
    this.#files.set(path, packed(text));
  }

  paths(): Iterable<string> {
    return this.#files.keys();
  }
}

/** A directory of the container that is one of a claim. */
export interface Mount {
  readonly path: string;
  /** Where in the tree. */
  readonly inTree: string;
  readonly tree: FileTree;
}

export class ContainerFiles {
  readonly #own: FileTree;
  readonly #mounts: readonly Mount[];

  constructor(own: FileTree, mounts: readonly Mount[]) {
    this.#own = own;
    this.#mounts = mounts;
  }

  read(path: string): string | undefined {
    const { tree, at } = this.#place(path);
    return tree.read(at);
  }

  write(path: string, text: string): void {
    const { tree, at } = this.#place(path);
    tree.write(at, text);
  }

  append(path: string, text: string): void {
    this.write(path, (this.read(path) ?? '') + text);
  }

  /** Names in a directory, sorted; undefined when there is none of that name. */
  list(directory: string): string[] | undefined {
    const prefix = directory === '/' ? '/' : `${posix.resolve('/', directory)}/`;
    const names = new Set<string>();
    for (const path of this.#paths())
      if (path.startsWith(prefix)) names.add(path.slice(prefix.length).split('/', 1)[0]!);
    return names.size || prefix === '/' || this.#mounts.some(({ path }) => `${path}/` === prefix)
      ? [...names].sort()
      : undefined;
  }

  *#paths(): Iterable<string> {
    yield* this.#own.paths();
    for (const { path, inTree, tree } of this.#mounts)
      for (const known of tree.paths()) if (isBelow(known, inTree)) yield posix.join(path, known.slice(inTree.length));
  }

  /** The innermost mount counts. */
  #place(given: string): { tree: FileTree; at: string } {
    const path = posix.resolve('/', given);
    const [mount] = this.#mounts
      .filter((candidate) => isBelow(path, candidate.path))
      .sort((a, b) => b.path.length - a.path.length);
    if (!mount) return { tree: this.#own, at: path };
    return { tree: mount.tree, at: posix.join(mount.inTree, path.slice(mount.path.length)) };
  }
}

const isBelow = (path: string, directory: string): boolean =>
  directory === '/' || path === directory || path.startsWith(`${directory}/`);
