/**
 * Kubernetes' EncryptionConfiguration: what the file may say, and every fault in it, in kube-apiserver's words.
 *
 * A fault names the field, the provider or the key; never a secret, nor a line of the file, which might hold one.
 */
import type { KeyObject } from 'node:crypto';
import { createSecretKey } from 'node:crypto';
import { load, YAMLException } from 'js-yaml';
import { durationMs } from '../../openapi/machinery/duration.ts';
import type { FieldError, FieldPath } from '../../openapi/machinery/field.ts';
import {
  faultText,
  forbidden,
  invalid,
  notSupported,
  required,
  root,
  typeInvalid,
  typeOf,
} from '../../openapi/machinery/field.ts';
import { isRecord } from '../../openapi/machinery/meta.ts';
import { resourceFaults } from './resources.ts';

export interface NamedKey {
  readonly name: string;
  readonly secret: KeyObject;
}

export type ProviderConfiguration =
  | { readonly kind: 'identity' }
  | { readonly kind: 'aesgcm' | 'aescbc' | 'secretbox'; readonly keys: readonly NamedKey[] }
  | { readonly kind: 'kms'; readonly name: string; readonly endpoint: string; readonly timeoutMs: number };

export interface ResourceConfiguration {
  /** `secrets`, `kubedirectorclusters.kubedirector.bluedata.io`, `*.kubedirector.bluedata.io`, `*.` (the core group), `*.*`. */
  readonly resources: readonly string[];
  readonly providers: readonly ProviderConfiguration[];
}

const apiVersion = 'apiserver.config.k8s.io/v1';
const kind = 'EncryptionConfiguration';

const keySizes = { aesgcm: [16, 24, 32], aescbc: [16, 24, 32], secretbox: [32] } as const;
const kinds = ['kms', 'aesgcm', 'aescbc', 'secretbox', 'identity'] as const;

/**
 * @param text YAML, hence also JSON
 * @throws Error with every fault, a line each
 */
export function parseEncryptionConfiguration(text: string): readonly ResourceConfiguration[] {
  const document = parsed(text);
  if (!isRecord(document)) throw new Error(`it holds no ${kind}`);
  const faults: FieldError[] = [];
  const configuration = new Reader(faults).configuration(document);
  if (faults.length) throw new Error(faults.map(faultText).join('\n'));
  return configuration;
}

function parsed(text: string): unknown {
  try {
    return load(text);
  } catch (error) {
    // The parser's own message quotes the file.
    const line = error instanceof YAMLException ? error.mark.line + 1 : 1;
    throw new Error(`line ${line}: this is no YAML`);
  }
}

class Reader {
  readonly #faults: FieldError[];

  constructor(faults: FieldError[]) {
    this.#faults = faults;
  }

  configuration(document: unknown): readonly ResourceConfiguration[] {
    const fields = this.#record(document, root, ['apiVersion', 'kind', 'resources']);
    if (fields.apiVersion !== apiVersion)
      this.#faults.push(notSupported(root.child('apiVersion'), fields.apiVersion ?? '', [apiVersion]));
    if (fields.kind !== kind) this.#faults.push(notSupported(root.child('kind'), fields.kind ?? '', [kind]));
    const at = root.child('resources');
    const rules = this.#list(fields.resources, at).map((rule, i) => this.#rule(rule, at.index(i)));
    this.#faults.push(...resourceFaults(rules.map(({ resources }) => resources)));
    this.#refuseRepeatedServices(rules);
    return rules;
  }

  #rule(document: unknown, at: FieldPath): ResourceConfiguration {
    const fields = this.#record(document, at, ['resources', 'providers']);
    const resources = this.#list(fields.resources, at.child('resources')).map((resource, i) =>
      this.#string(resource, at.child('resources').index(i)),
    );
    const providers = this.#list(fields.providers, at.child('providers')).flatMap((provider, i) => {
      const found = this.#provider(provider, at.child('providers').index(i));
      return found ? [found] : [];
    });
    return { resources, providers };
  }

  #provider(document: unknown, at: FieldPath): ProviderConfiguration | undefined {
    const fields = this.#record(document, at, kinds);
    const given = kinds.filter((candidate) => candidate in fields);
    const [chosen] = given;
    if (!chosen || given.length > 1) {
      const why = chosen
        ? 'more than one provider specified in a single element, should split into different list elements'
        : 'provider does not contain any of the expected providers: KMS, AESGCM, AESCBC, Secretbox, Identity';
      this.#faults.push(invalid(at, given, why));
      return undefined;
    }
    const within = at.child(chosen);
    if (chosen === 'identity') {
      this.#record(fields.identity ?? {}, within, []);
      return { kind: 'identity' };
    }
    return chosen === 'kms' ? this.#service(fields.kms, within) : this.#cipher(chosen, fields[chosen], within);
  }

  #cipher(cipher: keyof typeof keySizes, document: unknown, at: FieldPath): ProviderConfiguration {
    const { keys } = this.#record(document, at, ['keys']);
    return {
      kind: cipher,
      keys: this.#list(keys, at.child('keys')).flatMap((key, i) => {
        const found = this.#key(key, at.child('keys').index(i), keySizes[cipher]);
        return found ? [found] : [];
      }),
    };
  }

  #key(document: unknown, at: FieldPath, sizes: readonly number[]): NamedKey | undefined {
    const fields = this.#record(document, at, ['name', 'secret']);
    const name = this.#string(fields.name ?? '', at.child('name'));
    if (!name) this.#faults.push(required(at.child('name'), 'name is a mandatory field for a key'));
    const within = at.child('secret');
    const text = this.#string(fields.secret ?? '', within);
    if (!text) this.#faults.push(required(within, 'secret is a mandatory field for a key'));
    if (!name || !text) return undefined;
    const secret = Buffer.from(text, 'base64');
    if (secret.toString('base64').replace(/=+$/, '') !== text.replace(/=+$/, ''))
      this.#faults.push(invalid(within, 'REDACTED', 'secrets must be base64 encoded'));
    else if (!sizes.includes(secret.length)) {
      const expected = `got ${secret.length}, expected one of [${sizes.join(' ')}]`;
      this.#faults.push(invalid(within, 'REDACTED', `secret is not of the expected length, ${expected}`));
    } else return { name, secret: createSecretKey(secret) };
    return undefined;
  }

  #service(document: unknown, at: FieldPath): ProviderConfiguration {
    const fields = this.#record(document, at, ['apiVersion', 'name', 'endpoint', 'timeout', 'cachesize']);
    const version = fields.apiVersion ?? 'v1';
    if (version !== 'v2') this.#faults.push(notSupported(at.child('apiVersion'), version, ['v2']));
    if (fields.cachesize !== undefined)
      this.#faults.push(invalid(at.child('cachesize'), fields.cachesize, 'cachesize is not supported in v2'));
    const name = this.#string(fields.name ?? '', at.child('name'));
    if (!name) this.#faults.push(required(at.child('name'), 'name is a mandatory field for a provider'));
    if (name.includes(':'))
      this.#faults.push(invalid(at.child('name'), name, `invalid KMS provider name ${name}, must not contain ':'`));
    const endpoint = this.#string(fields.endpoint ?? '', at.child('endpoint'));
    if (!/^unix:\/\/\/./.test(endpoint))
      this.#faults.push(invalid(at.child('endpoint'), endpoint, 'only unix sockets are supported: unix:///PATH'));
    const timeout = this.#string(fields.timeout ?? '3s', at.child('timeout'));
    const timeoutMs = durationMs(timeout);
    if (!timeoutMs) this.#faults.push(invalid(at.child('timeout'), timeout, 'timeout should be a positive value'));
    return { kind: 'kms', name, endpoint, timeoutMs: timeoutMs ?? 0 };
  }

  /** A value names the service that can read it, so a name must mean one. */
  #refuseRepeatedServices(rules: readonly ResourceConfiguration[]): void {
    const seen = new Set<string>();
    for (const [i, { providers }] of rules.entries())
      for (const [j, provider] of providers.entries()) {
        if (provider.kind !== 'kms') continue;
        const at = root.child('resources').index(i).child('providers').index(j).child('kms').child('name');
        if (seen.has(provider.name))
          this.#faults.push(
            invalid(at, provider.name, `duplicate KMS provider name ${provider.name}, names must be unique`),
          );
        seen.add(provider.name);
      }
  }

  #record(value: unknown, at: FieldPath, known: readonly string[]): Readonly<Record<string, unknown>> {
    if (!isRecord(value)) {
      this.#faults.push(typeInvalid(at, 'object', typeOf(value)));
      return {};
    }
    for (const field of Object.keys(value))
      if (!known.includes(field)) this.#faults.push(forbidden(at.child(field), 'unknown field'));
    return value;
  }

  #list(value: unknown, at: FieldPath): readonly unknown[] {
    if (value === undefined || value === null || (Array.isArray(value) && !value.length))
      this.#faults.push(required(at, `at least one ${at} is required`));
    else if (Array.isArray(value)) return value;
    else this.#faults.push(typeInvalid(at, 'array', typeOf(value)));
    return [];
  }

  #string(value: unknown, at: FieldPath): string {
    if (typeof value === 'string') return value;
    this.#faults.push(typeInvalid(at, 'string', typeOf(value)));
    return '';
  }
}
