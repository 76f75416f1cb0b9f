/**
 * Conflicts: a configuration sets a field to another value, and somebody else owns it (K-265 to K-269).
 */
import type { Owner, Owners } from './owners.ts';
import { compareTexts, type Path, pathText } from './path-element.ts';
import type { Comparisons } from './versions.ts';

export interface Conflict {
  readonly owner: Owner;
  /** As its owner spells it. */
  readonly path: Path;
}

/** All of them, by owner. */
export function conflictsBetween(owners: Owners, changes: Comparisons): Conflict[] {
  const conflicts: Conflict[] = [];
  for (const [, owner] of [...owners].sort(([a], [b]) => compareTexts(a, b))) {
    const { added, modified } = changes(owner.apiVersion);
    const disputed = owner.fields.intersection(modified.union(added));
    for (const path of disputed.paths()) conflicts.push({ owner, path });
  }
  return conflicts;
}

/** A cause of a Status, as Kubernetes tells of a conflict. */
export interface ConflictCause {
  readonly reason: 'FieldManagerConflict';
  readonly message: string;
  readonly field: string;
}

export const conflictCauses = (conflicts: readonly Conflict[]): ConflictCause[] =>
  conflicts.map(({ owner, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${ownerText(owner)}`,
    field: pathText(path),
  }));

/** One line for one conflict; more are grouped by owner. */
export function conflictMessage(conflicts: readonly Conflict[]): string {
  const [first] = conflicts;
  if (first && conflicts.length === 1)
    return `Apply failed with 1 conflict: conflict with ${ownerText(first.owner)}: ${pathText(first.path)}`;
  const groups = Map.groupBy(conflicts, ({ owner }) => owner);
  const lines = [...groups].flatMap(([owner, disputed]) => [
    `conflicts with ${ownerText(owner)}:`,
    ...disputed.map(({ path }) => `- ${pathText(path)}`),
  ]);
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`;
}

/** `"m1"`, `"probe" with subresource "scale" using autoscaling/v1`. */
function ownerText({ manager, operation, apiVersion, subresource }: Owner): string {
  const where = subresource ? ` with subresource ${JSON.stringify(subresource)}` : '';
  return JSON.stringify(manager) + where + (operation === 'Update' ? ` using ${apiVersion}` : '');
}
