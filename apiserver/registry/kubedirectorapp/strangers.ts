/**
 * Fields of an app that nobody knows, and that are kept all the same since history kept them: those that look like a known one are told,
 * since what was meant by them is lost otherwise.
 */
import { type FieldPath, spec as specPath } from '../../../openapi/machinery/field.ts';
import { isRecord } from '../../../openapi/machinery/meta.ts';
import type { Schema } from '../../../openapi/schema/schema.ts';
import { kubeDirectorAppV1alpha1 } from '../../../openapi/v1alpha1/kubedirectorapp.ts';
import { type AppSpec, appSpec } from '../../../openapi/v1beta1/kubedirectorapp.ts';

const publishedNames = Object.keys(kubeDirectorAppV1alpha1.schema.properties!.spec!.properties!);

export function strangerWarnings(app: AppSpec): string[] {
  const older = Object.keys(app)
    .filter((name) => publishedNames.includes(name) && !Object.hasOwn(appSpec.properties!, name))
    .map((name) => `${specPath.child(name)}: it is kept, but means nothing in v1beta1: it is a word of v1alpha1`);
  return [...older, ...misspelled(app, appSpec, specPath)];
}

function misspelled(value: unknown, schema: Schema, at: FieldPath): string[] {
  if (Array.isArray(value)) return value.flatMap((item, i) => misspelled(item, schema.items ?? {}, at.index(i)));
  if (!isRecord(value) || !schema.properties) return [];
  const known = Object.keys(schema.properties);
  return Object.entries(value).flatMap(([name, inner]) => {
    if (Object.hasOwn(schema.properties!, name)) return misspelled(inner, schema.properties![name]!, at.child(name));
    const meant = publishedNames.includes(name) ? undefined : known.find((other) => areAlike(name, other));
    return meant === undefined
      ? []
      : [`${at.child(name)}: it is kept, but means nothing: perhaps ${JSON.stringify(meant)} is meant`];
  });
}

/** Two words are alike when capitals and separators, or a letter or two, make all the difference. */
function areAlike(one: string, other: string): boolean {
  const [a, b] = [bare(one), bare(other)];
  return a === b || (a.length > 4 && a.length < 64 && distance(a, b) <= 2);
}

const bare = (word: string): string => word.toLowerCase().replace(/[-_ ]/g, '');

/** How many letters are to be added, dropped or changed to make `b` of `a` (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
