/**
 * Cardinality: how many members an app lets a role have. `3` means exactly three, `3+` at least three.
 */

/** Of a cluster, in all its roles: the whole of it must fit into one stored object. */
export const maxMembers = 1000;

export interface Cardinality {
  readonly least: number;
  readonly open: boolean;
}

/** @param text that has passed the schema of apps */
export const parseCardinality = (text: string): Cardinality => ({
  least: Number.parseInt(text, 10),
  open: text.endsWith('+'),
});

export const admits = ({ least, open }: Cardinality, members: number): boolean =>
  open ? members >= least : members === least;
