/**
 * What all replicas share and nobody else may see, kept in a Secret at the host: made by whoever comes first, renewed when it is due.
 *
 * What is in it, and when it is due, is the caller's knowledge.
 */
import type { KubeObject } from '../../openapi/machinery/meta.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../../openapi/machinery/status.ts';
import type { HostClient, HostResource } from './rest.ts';

export const secrets: HostResource = { group: '', version: 'v1', plural: 'secrets' };

export interface Secret extends KubeObject {
  readonly type?: string;
  /** Base64. */
  readonly data?: Readonly<Record<string, string>>;
}

/** Texts by their key in the Secret. */
export type SecretTexts = Readonly<Record<string, string>>;

export interface KeptSecret {
  readonly namespace: string;
  readonly name: string;
  /** Kubernetes' type, such as `kubernetes.io/tls`, which demands certain keys. */
  readonly type?: string;
  /** May it stay as it is? */
  good(texts: SecretTexts): boolean;
  /** @param before what is there, though it is no longer good */
  make(before: SecretTexts | undefined): Promise<SecretTexts>;
}

/**
 * @returns what the Secret holds, after making or renewing it if that was due
 * @throws StatusError when the host refuses
 */
export async function keepSecret(client: HostClient, kept: KeptSecret, signal: AbortSignal): Promise<SecretTexts> {
  for (;;) {
    const found = await find(client, kept, signal);
    const before = found && textsIn(found);
    if (before && kept.good(before)) return before;
    try {
      const texts = await kept.make(before);
      await (found
        ? client.update(secrets, { ...found, data: encoded(texts) }, signal)
        : client.create(secrets, secretOf(kept, texts), signal));
      return texts;
    } catch (error) {
      // Another replica was quicker: what it made is looked at.
      if (!isAlreadyExists(error) && !isConflict(error)) throw error;
    }
  }
}

export const textsIn = ({ data = {} }: Secret): SecretTexts =>
  Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]));

async function find(
  client: HostClient,
  { namespace, name }: KeptSecret,
  signal: AbortSignal,
): Promise<Secret | undefined> {
  try {
    return await client.get<Secret>(secrets, namespace, name, signal);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

const encoded = (texts: SecretTexts): Record<string, string> =>
  Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString('base64')]));

const secretOf = ({ namespace, name, type = 'Opaque' }: KeptSecret, texts: SecretTexts): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { namespace, name, labels: { 'app.kubernetes.io/part-of': 'kubedirector' } },
  type,
  data: encoded(texts),
});
