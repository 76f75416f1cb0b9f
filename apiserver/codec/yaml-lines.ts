/**
 * Where in a YAML text a field stands: for whoever tells an author about it.
 *
 * Only the lines are kept; what the text means is yaml.ts' business, and a text that is no YAML has no lines.
 */
import { load } from 'js-yaml';

interface Node {
  readonly line: number;
  value: unknown;
  readonly children: Node[];
}

/** js-yaml calls it for every node that it begins and ends, with its own state. */
interface ParserState {
  readonly line: number;
  readonly position: number;
  readonly result: unknown;
  readonly kind: string | null;
}

/**
 * @returns the line, from 1 on, of a field by its path (`spec.roles[1].members`), or of the nearest one around it that is there
 */
export function linesOf(text: string): (path: string) => number {
  const root = treeOf(text);
  return (path) => {
    let at = root;
    let line = (root?.line ?? 0) + 1;
    for (const [, name, index] of path.matchAll(/([^.[\]]+)|\[([^\]]*)\]/g)) {
      const found = at && childOf(at, name ?? index ?? '');
      if (!found) break;
      line = found.line + 1;
      at = found.node;
    }
    return line;
  };
}

/** The keys that stand in their mapping before already, with the lines of their repetitions, in order. */
export function repeatedKeys(text: string): { key: string; line: number }[] {
  const root = treeOf(text);
  return root ? repeatedIn(root).sort((a, b) => a.line - b.line) : [];
}

function repeatedIn(whole: Node): { key: string; line: number }[] {
  const node = unwrapped(whole);
  const inside = node.children.flatMap(repeatedIn);
  if (typeof node.value !== 'object' || node.value === null || Array.isArray(node.value)) return inside;
  const seen = new Set<string>();
  const repeated = node.children
    .filter((_, i) => i % 2 === 0)
    .flatMap(({ value, line }) => {
      const key = String(value);
      const isRepeated = seen.has(key);
      seen.add(key);
      return isRepeated ? [{ key, line: line + 1 }] : [];
    });
  return [...inside, ...repeated];
}

function treeOf(text: string): Node | undefined {
  const open: Node[] = [];
  let root: Node | undefined;
  const starts = lineStarts(text);
  const listener = (event: 'open' | 'close', state: ParserState): void => {
    if (event === 'open') {
      open.push({ line: lineAt(starts, skipped(text, state.position)), value: undefined, children: [] });
      return;
    }
    const node = open.pop();
    if (!node) return;
    node.value = state.result;
    const parent = open.at(-1);
    // An empty node is opened twice by its parent; only what has a place counts.
    if (parent) parent.children.push(node);
    else root = node;
  };
  try {
    load(text, { json: true, listener: listener as never });
  } catch {
    return undefined;
  }
  return root;
}

/** A node may be opened before the blanks and comments in front of it are read. */
function skipped(text: string, position: number): number {
  const rest = /^(?:\s+|#[^\n]*)*/.exec(text.slice(position, position + 4096));
  const at = position + (rest?.[0].length ?? 0);
  return at < text.length ? at : position;
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

function lineAt(starts: readonly number[], position: number): number {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (starts[middle]! <= position) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** A collection in braces or brackets that does not stand in another one is opened twice, and is then its own only child. */
function unwrapped(node: Node): Node {
  const [only, ...others] = node.children;
  return only && !others.length && typeof node.value === 'object' && only.value === node.value ? only : node;
}

/** The children of a mapping are its keys and values in turn; a value that is told of stands where its key does. */
function childOf(whole: Node, name: string): { line: number; node: Node } | undefined {
  const node = unwrapped(whole);
  if (Array.isArray(node.value)) {
    const child = node.children[Number(name)];
    return child && { line: child.line, node: child };
  }
  for (let i = 0; i + 1 < node.children.length; i += 2) {
    const [key, value] = [node.children[i]!, node.children[i + 1]!];
    if (String(key.value) === name) return { line: key.line, node: value };
  }
  return undefined;
}
