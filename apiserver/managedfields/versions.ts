/**
 * Versions of a kind, as ownership needs them: each set of fields is written in one version, and objects, never sets, are converted
 * to be compared with it (K-282).
 */
import { jsonText } from '../../openapi/machinery/json.ts';
import { isRecord, type KubeObject } from '../../openapi/machinery/meta.ts';
import type { Schema } from '../../openapi/schema/schema.ts';
import { type Changes, compare, noChanges } from './compare.ts';
import type { FieldSet } from './field-set.ts';
import { compileFieldType, type FieldType } from './field-type.ts';

export interface Versions {
  /** The schema of a whole object in a version, `kubedirector.bluedata.io/v1beta1`; undefined when it is not served any more. */
  schemaOf(apiVersion: string): Schema | undefined;
  /** An object in another version that has a schema. Leaves the given one as it is; partial objects stay as partial as they are. */
  convert(object: KubeObject, apiVersion: string): KubeObject;
}

/** Versions with their schemas compiled, each once. */
export class CompiledVersions {
  readonly #versions: Versions;
  readonly #types = new Map<string, FieldType | undefined>();

  constructor(versions: Versions) {
    this.#versions = versions;
  }

  /** @returns undefined when the version is not served */
  typeOf(apiVersion: string): FieldType | undefined {
    const known = this.#types.get(apiVersion);
    if (known) return known;
    const schema = this.#versions.schemaOf(apiVersion);
    if (!schema) return undefined;
    const type = compileFieldType(schema);
    this.#types.set(apiVersion, type);
    return type;
  }

  /** The object in a version, without managedFields, which own nothing and are owned by nobody. */
  inVersion(object: KubeObject, apiVersion: string): KubeObject {
    const plain = withoutManagedFields(object);
    return plain.apiVersion === apiVersion ? plain : this.#versions.convert(plain, apiVersion);
  }

  /** How two states of one object differ, seen in any version; each comparison is made once. */
  comparison(old: KubeObject | undefined, now: KubeObject, ignored: FieldSet): Comparisons {
    const known = new Map<string, Changes>();
    return (apiVersion) => {
      const found = known.get(apiVersion);
      if (found) return found;
      const type = this.typeOf(apiVersion);
      const changes = type
        ? compare(type, old ? this.inVersion(old, apiVersion) : {}, this.inVersion(now, apiVersion))
        : noChanges;
      const counted = ignored.isEmpty ? changes : without(changes, ignored);
      known.set(apiVersion, counted);
      return counted;
    };
  }
}

export type Comparisons = (apiVersion: string) => Changes;

const without = ({ added, modified, removed }: Changes, ignored: FieldSet): Changes => ({
  added: added.recursiveDifference(ignored),
  modified: modified.recursiveDifference(ignored),
  removed: removed.recursiveDifference(ignored),
});

function withoutManagedFields(object: KubeObject): KubeObject {
  if (!isRecord(object.metadata)) return object;
  if (object.metadata.managedFields === undefined) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** `default/c1; kubedirector.bluedata.io/v1beta1, Kind=KubeDirectorCluster`, as Kubernetes names objects in errors about them. */
export function nameInErrors(document: Record<string, unknown>): string {
  const { apiVersion, kind, metadata } = document;
  const { namespace = '', name = '' } = isRecord(metadata) ? metadata : {};
  const [at, of] = [namespace, name].map((part) => (typeof part === 'string' ? part : jsonText(part)));
  return `${at}/${of}; ${String(apiVersion)}, Kind=${String(kind)}`;
}
