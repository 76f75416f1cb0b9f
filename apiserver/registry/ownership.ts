/**
 * Who owns which fields of the objects of one kind: managedfields/ between the kind's versions, the circumstances of a write and the
 * clock.
 */
import { type Clock, timestamp } from '../../openapi/machinery/clock.ts';
import { copyOf } from '../../openapi/machinery/json.ts';
import type { KubeObject, ManagedFieldsEntry } from '../../openapi/machinery/meta.ts';
import { type StatusCause, StatusError } from '../../openapi/machinery/status.ts';
import {
  ConfigurationError,
  conflictCauses,
  conflictMessage,
  FieldManager,
  FieldSet,
} from '../managedfields/field-manager.ts';
import type { CompiledForm, KindCodec } from './kind-codec.ts';
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
    try {
      const result = this.#fields.applyConfiguration({
        ...{ live: old, configuration, force, subresource, manager: manager.name, apiVersion: manager.apiVersion },
        resetFields: this.#resetFields(subresource),
        time: timestamp(this.#clock.now()),
      });
      if ('conflicts' in result) {
        const causes: readonly StatusCause[] = conflictCauses(result.conflicts);
        throw StatusError.applyConflict(conflictMessage(result.conflicts), causes);
      }
      // It shares parts with the live object and the configuration, and is pruned and defaulted in place.
      return {
        document: copyOf(result.object) as unknown as Record<string, unknown>,
        managedFields: result.managedFields,
      };
    } catch (error) {
      if (error instanceof ConfigurationError) throw StatusError.badRequest(error.message);
      throw error;
    }
  }

  #resetFields(subresource: string): FieldSet {
    if (!this.#codec.resource.hasStatus) return FieldSet.empty;
    return subresource === 'status' ? allButStatus : status;
  }

  #formOf(apiVersion: string): CompiledForm | undefined {
    const { group, forms } = this.#codec.resource;
    const form = forms.find(({ version }) => `${group}/${version}` === apiVersion);
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

export function setManagedFields({ metadata }: KubeObject, entries: ManagedFieldsEntry[] | undefined): void {
  if (entries) metadata.managedFields = entries;
  else delete metadata.managedFields;
}
