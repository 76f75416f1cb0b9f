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
}

export interface NamedAt extends NamedObject {
  readonly kind: string;
  readonly at: FieldPath;
  /** What is wrong with the object that was found. */
  readonly unfit?: (found: KubeObject) => readonly string[];
}

export const storageClassAt = (name: string, at: FieldPath): NamedAt => ({
  ...{ group: 'storage.k8s.io', version: 'v1', plural: 'storageclasses', kind: 'StorageClass' },
  ...{ namespace: '', name, at },
});

export async function missingWarnings(
  lookups: NamedLookups,
  named: readonly NamedAt[],
  signal: AbortSignal,
): Promise<string[]> {
  if (!named.length) return [];
  const texts = await withinMs(patienceMs, (patience) =>
    underSignals([signal, patience], (either) =>
      Promise.all(named.slice(0, mostAsked).map((one) => warningsAbout(one, lookups, either))),
    ),
  );
  return texts.flat();
}

async function warningsAbout(what: NamedAt, lookups: NamedLookups, signal: AbortSignal): Promise<string[]> {
  const { kind, namespace, name, at, unfit } = what;
  try {
    const found = await lookups.findNamed(what, signal);
    if (found) return (unfit?.(found) ?? []).map((text) => `${at}: ${text}`);
    return [`${at}: there is no ${kind} ${JSON.stringify(name)}${namespace && ` in the namespace "${namespace}"`}`];
  } catch {
    // We may not look, or nobody answers: there is nothing to be said then.
    return [];
  }
}
