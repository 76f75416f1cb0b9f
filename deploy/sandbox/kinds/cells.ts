/**
 * Cells of tables, in the words that Kubernetes' own printers use.
 */
import type { Cell, Column } from '../../../apiserver/registry/resource.ts';

export const none = '<none>';
export const unset = '<unset>';

export const orNone = (text: string | undefined): string => text || none;

interface ColumnOptions {
  readonly type?: Column<never>['type'];
  /** Shown with `-o wide` only. */
  readonly wide?: boolean;
}

export const column = <T>(
  name: string,
  description: string,
  cell: (object: T) => Cell,
  { type = 'string', wide = false }: ColumnOptions = {},
): Column<T> => ({ name, type, description, ...(wide && { priority: 1 }), cell });

/** `a=1,b=2`, as kubectl prints labels and selectors. */
export const labelsText = (labels: Readonly<Record<string, string>> | undefined): string =>
  orNone(
    Object.keys(labels ?? {})
      .sort()
      .map((key) => `${key}=${labels?.[key]}`)
      .join(','),
  );
