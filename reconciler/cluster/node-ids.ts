/**
 * Node ids: a number for each member, unique in its cluster for ever. Status holds them; annotations mirror them, because status is
 * what a backup of the cluster loses first.
 */

/** Hands out ids above all that were ever given. */
export class NodeIDs {
  #last: number;

  constructor(last: number) {
    this.#last = last;
  }

  get last(): number {
    return this.#last;
  }

  next(): number {
    this.#last += 1;
    return this.#last;
  }
}

/** The ids of the members 0, 1, 2 … of a role, with runs drawn together: `1-3,7`. A thousand members fit into a few characters. */
export function nodeIDsText(ids: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const id of ids) {
    const run = runs.at(-1);
    if (run && id === run[1] + 1) run[1] = id;
    else runs.push([id, id]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}

/** More than a role can have; a longer list was not written by us. */
const mostMembers = 10_000;

/** @returns the ids that `text` holds; none if it is not what nodeIDsText writes */
export function parseNodeIDs(text: string | undefined): number[] {
  const ids: number[] = [];
  for (const run of text ? text.split(',') : []) {
    const match = /^(\d{1,15})(?:-(\d{1,15}))?$/.exec(run);
    if (!match) return [];
    const [from, to] = [Number(match[1]), Number(match[2] ?? match[1])];
    if (to < from || to - from + ids.length >= mostMembers) return [];
    for (let id = from; id <= to; id += 1) ids.push(id);
  }
  return ids;
}
