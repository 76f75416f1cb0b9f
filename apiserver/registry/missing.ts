/**
 * What a write names and that is not there: said as warnings, since it may come later.
 *
 * Asked only for as long as a user may be kept waiting for advice.
 */
import type { FieldPath } from '../../openapi/machinery/field.ts';
import type { KubeObject } from '../../openapi/machinery/meta.ts';
import { underSignals, withinMs } from '../../openapi/machinery/signal.ts';

/** An answer takes some milliseconds; a host that takes longer has other worries. */
const patienceMs = 1000;
/** Nobody reads more warnings than this, and each is a question to the host. */
const mostAsked = 20;

export interface NamedObject {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  /** Empty for what is in no namespace. */
  readonly namespace: string;
  readonly name: string;
}

export interface NamedLookups {
  /**
   * An object by its name, here or at the host; undefined when there is none.
   *
   * @throws when nobody can tell
   */
  findNamed(what: NamedObject, signal: AbortSignal): Promise<KubeObject | undefined>;
  /**
   * All objects of a kind that is in no namespace, here or at the host.
   *
   * @throws when nobody can tell
   */
  findAll(kind: Pick<NamedObject, 'group' | 'version' | 'plural'>, signal: AbortSignal): Promise<readonly KubeObject[]>;
}

export interface NamedAt extends NamedObject {
  readonly kind: string;
  readonly at: FieldPath;
  /** What is wrong with the object that was found. */
  readonly unfit?: (found: KubeObject) => readonly string[];
  /** Who names it, where it is not the object itself: `, which …`. */
  readonly named?: string;
}

const storageClasses = { group: 'storage.k8s.io', version: 'v1', plural: 'storageclasses' };

export const storageClassAt = (name: string, at: FieldPath): NamedAt => ({
  ...storageClasses,
  ...{ kind: 'StorageClass', namespace: '', name, at },
});

/** Kubernetes knows the mark of the default class by two names, the older one from before there was a v1 of it. */
const defaultMarks = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

/** @param at where a class might have been named; none: nothing is asked */
export async function defaultClassWarnings(
  lookups: NamedLookups,
  at: readonly FieldPath[],
  signal: AbortSignal,
): Promise<string[]> {
  if (!at.length) return [];
  try {
    const classes = await patiently(signal, (either) => lookups.findAll(storageClasses, either));
    const marked = classes.some(({ metadata: { annotations } }) =>
      defaultMarks.some((mark) => annotations?.[mark] === 'true'),
    );
    return marked ? [] : at.map((path) => `${path}: no StorageClass is named, and there is no default one`);
  } catch {
    return [];
  }
}

const patiently = <T>(signal: AbortSignal, ask: (signal: AbortSignal) => Promise<T>): Promise<T> =>
  withinMs(patienceMs, (patience) => underSignals([signal, patience], ask));

export async function missingWarnings(
  lookups: NamedLookups,
  named: readonly NamedAt[],
  signal: AbortSignal,
): Promise<string[]> {
  if (!named.length) return [];
  const texts = await patiently(signal, (either) =>
    Promise.all(named.slice(0, mostAsked).map((one) => warningsAbout(one, lookups, either))),
  );
  return texts.flat();
}

async function warningsAbout(what: NamedAt, lookups: NamedLookups, signal: AbortSignal): Promise<string[]> {
  const { kind, namespace, name, at, unfit, named = '' } = what;
  try {
    const found = await lookups.findNamed(what, signal);
    if (found) return (unfit?.(found) ?? []).map((text) => `${at}: ${text}`);
    const place = namespace && ` in the namespace "${namespace}"`;
    return [`${at}: there is no ${kind} ${JSON.stringify(name)}${place}${named}`];
  } catch {
    // We may not look, or nobody answers: there is nothing to be said then.
    return [];
  }
}
