/**
 * Who owns which fields of the objects of one kind: managedfields/ between the kind's versions, the circumstances of a write and the
 * clock.
 */
import { type Clock, timestamp } from '../../openapi/machinery/clock.ts';
import { copyOf } from '../../openapi/machinery/json.ts';
import { apiVersionOf, type KubeObject, type ManagedFieldsEntry } from '../../openapi/machinery/meta.ts';
import { type StatusCause, StatusError } from '../../openapi/machinery/status.ts';
import {
  ConfigurationError,
  conflictCauses,
  conflictMessage,
  FieldManager,
  FieldSet,
  type Refused,
} from '../managedfields/field-manager.ts';
import type { CompiledForm, KindCodec } from './kind-codec.ts';
import { type AppliedThrough, appliedThrough } from './ownership-through.ts';
import type { OwnedThrough, Subresource } from './resource.ts';
import type { Manager, WriteContext } from './strategy.ts';

/** What writes of the object itself cannot change, and those of its status (K-273). */
const status = FieldSet.of(['f:status']);
const allButStatus = FieldSet.of(['f:metadata'], ['f:spec']);

export interface Application {
  /** In the spelling of its version. */
  readonly configuration: Record<string, unknown>;
  readonly manager: Manager;
  readonly subresource: string;
  readonly force: boolean;
}

export class Ownership<T extends KubeObject = KubeObject> {
  readonly #codec: KindCodec<T>;
  readonly #clock: Clock;
  readonly #fields: FieldManager;

  constructor(codec: KindCodec<T>, clock: Clock) {
    this.#codec = codec;
    this.#clock = clock;
    this.#fields = new FieldManager({
      schemaOf: (apiVersion) => this.#formOf(apiVersion)?.form.schema,
      convert: (object, apiVersion) => this.#converted(object, apiVersion),
    });
  }

  /**
   * Writes into an object who owns its fields after a write that is no apply.
   *
   * @param object as it is to be stored
   * @param said the managedFields that the client sent
   */
  record(
    object: T,
    old: T | undefined,
    said: ManagedFieldsEntry[] | undefined,
    { subresource }: WriteContext,
    { name, apiVersion }: Manager,
  ): void {
    setManagedFields(object, said);
    const entries = this.#fields.recordUpdate({
      ...{ live: old, object, subresource, manager: name, apiVersion },
      resetFields: this.#resetFields(subresource),
      time: timestamp(this.#clock.now()),
    });
    setManagedFields(object, entries);
  }

  /**
   * The document, in the version of the manager, that applying makes of an object.
   *
   * @throws StatusError 400 when the configuration does not fit the schema, 409 with all conflicts
   */
  apply(
    old: T | undefined,
    application: Application,
  ): { document: Record<string, unknown>; managedFields: ManagedFieldsEntry[] | undefined } {
    const { configuration, manager, subresource, force } = application;
    const { object, managedFields } = refusing(() =>
      this.#fields.applyConfiguration({
        ...{ live: old, configuration, force, subresource, manager: manager.name, apiVersion: manager.apiVersion },
        resetFields: this.#resetFields(subresource),
        time: timestamp(this.#clock.now()),
      }),
    );
    // It shares parts with the live object and the configuration, and is pruned and defaulted in place.
    return { document: copyOf(object) as unknown as Record<string, unknown>, managedFields };
  }

  /**
   * The same for a document that stands for one field of the object (K-283).
   *
   * @throws StatusError 400, 409
   */
  applyThrough(
    subresource: Subresource<T> & { readonly owned: OwnedThrough<T> },
    old: T,
    { configuration, manager, force }: Omit<Application, 'subresource'>,
  ): AppliedThrough {
    return refusing(() =>
      appliedThrough(subresource, old, {
        ...{ configuration, force, manager: manager.name, parentVersion: manager.apiVersion },
        time: timestamp(this.#clock.now()),
      }),
    );
  }

  #resetFields(subresource: string): FieldSet {
    if (!this.#codec.resource.hasStatus) return FieldSet.empty;
    return subresource === 'status' ? allButStatus : status;
  }

  #formOf(apiVersion: string): CompiledForm | undefined {
    const { group, forms } = this.#codec.resource;
    const form = forms.find(({ version }) => apiVersionOf({ group, version }) === apiVersion);
    return form && this.#codec.form(form.version);
  }

  #converted(object: KubeObject, apiVersion: string): KubeObject {
    const [from, to] = [this.#formOf(object.apiVersion), this.#formOf(apiVersion)];
    if (!from || !to) throw new Error(`${object.apiVersion} cannot be converted to ${apiVersion}`);
    const document = copyOf(object) as unknown as Record<string, unknown>;
    const hub = from.form.toHub?.(document) ?? (document as unknown as KubeObject);
    const converted = (to.form.fromHub?.(hub) ?? hub) as unknown as KubeObject;
    converted.apiVersion = apiVersion;
    return converted;
  }
}

/** @throws StatusError 409 with all conflicts, 400 for a configuration that fits no schema */
function refusing<R extends object>(apply: () => R | Refused): R {
  try {
    const result = apply();
    if (!('conflicts' in result)) return result;
    const causes: readonly StatusCause[] = conflictCauses(result.conflicts);
    throw StatusError.applyConflict(conflictMessage(result.conflicts), causes);
  } catch (error) {
    if (error instanceof ConfigurationError) throw StatusError.badRequest(error.message);
    throw error;
  }
}

export function setManagedFields({ metadata }: KubeObject, entries: ManagedFieldsEntry[] | undefined): void {
  if (entries) metadata.managedFields = entries;
  else delete metadata.managedFields;
}
