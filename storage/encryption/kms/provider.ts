/**
 * Values encrypted with keys that a key management service keeps, as version 2 of Kubernetes' interface to them has it.
 *
 * The service encrypts a seed of ours, once; each value gets a key of its own, derived from the seed, and carries the encrypted
 * seed with it. So the service is asked at the start, when its key was rotated, and for seeds that others made.
 *
 *   mark | EncryptedObject, whose data is: info 32 | nonce 12 | ciphertext | tag 16
 */
import type { KeyObject } from 'node:crypto';
import { createHash, createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { StorageError } from '../../errors.ts';
import { openGcm, sealGcm } from '../aes-gcm.ts';
import type { Eventually, OpenedValue, Provider } from '../provider.ts';
import { checkLength, markOf } from '../provider.ts';
import type { EncryptedObject } from './messages.ts';
import { decode, encode, sourceType } from './messages.ts';
import { Plugin } from './plugin.ts';

const seedBytes = 32;
const infoBytes = 32;
/** How often the service is asked for its key: when all is well, and when it is not. */
const [askMs, askAgainMs] = [60_000, 10_000];
/** So long after its last good answer values are still encrypted with the key of then. Reading goes on for ever. */
const trustMs = 180_000;
/** Seeds that are remembered: one for each process that wrote, and each key of the service. */
const mostSeeds = 1000;

export interface KeyServiceOptions {
  readonly name: string;
  /** `unix:///PATH` */
  readonly endpoint: string;
  readonly timeoutMs: number;
}

/** @throws StorageError Unavailable when the service does not answer, or is not well */
export async function keyService(options: KeyServiceOptions, signal: AbortSignal): Promise<Provider> {
  const service = new KeyService(options);
  await service.refresh(signal);
  service.keepFresh();
  return service;
}

/** What values are encrypted with at present. */
interface Sealing {
  readonly seed: KeyObject;
  /** Without its data. */
  readonly envelope: EncryptedObject;
}

class KeyService implements Provider {
  readonly title: string;
  readonly mark: Buffer;
  readonly #plugin: Plugin;
  readonly #life = new AbortController();
  readonly #sources = new Map<string, Eventually<KeyObject>>();
  #sealing: Sealing | undefined;
  #trustedUntil = 0;
  #failure: unknown;

  constructor(options: KeyServiceOptions) {
    this.title = `kms ${JSON.stringify(options.name)}`;
    this.mark = markOf('kms:v2', options.name);
    this.#plugin = new Plugin(options);
  }

  seal(plain: Buffer, key: string): Buffer {
    const sealing = this.#sealing;
    if (!sealing || performance.now() > this.#trustedUntil)
      throw new StorageError('Unavailable', `${this.title} has not answered for too long to encrypt with its key`, {
        cause: this.#failure,
      });
    const info = randomBytes(infoBytes);
    const encryptedData = sealGcm(derived(sealing.seed, info), plain, key, info);
    return Buffer.concat([this.mark, encode('EncryptedObject', { ...sealing.envelope, encryptedData })]);
  }

  open(stored: Buffer, key: string): Eventually<OpenedValue> {
    const envelope = decode('EncryptedObject', stored.subarray(this.mark.length));
    const current = this.#sealing?.envelope;
    const stale = envelope.keyID !== current?.keyID || envelope.encryptedDEKSourceType !== sourceType.seed;
    const source = this.#sourceOf(envelope);
    if (source instanceof Promise) return source.then((later) => ({ value: dataOf(envelope, later, key), stale }));
    return { value: dataOf(envelope, source, key), stale };
  }

  close(): void {
    this.#life.abort();
  }

  /** Asks for the service's key, and has a new seed encrypted when it is another one than before. */
  async refresh(signal: AbortSignal): Promise<void> {
    // From before the question on: the answer may have been on its way for long.
    const until = performance.now() + trustMs;
    const { version, healthz, key_id } = await this.#plugin.status(signal);
    if (version !== 'v2' && version !== 'v2beta1') throw this.#unwell(`it speaks version ${version}, not v2`);
    if (healthz !== 'ok') throw this.#unwell(`it is not well: ${healthz}`);
    if (!key_id) throw this.#unwell('it does not name its key');
    if (this.#sealing?.envelope.keyID !== key_id) {
      const seed = randomBytes(seedBytes);
      const { ciphertext, key_id: keyID, annotations } = await this.#plugin.encrypt(seed, signal);
      if (keyID !== key_id) throw this.#unwell('it names one key, and encrypts with another');
      const envelope: EncryptedObject = {
        encryptedData: Buffer.alloc(0),
        keyID,
        encryptedDEKSource: ciphertext,
        annotations,
        encryptedDEKSourceType: sourceType.seed,
      };
      this.#sealing = { seed: createSecretKey(seed), envelope };
      this.#remember(sourceName(envelope), this.#sealing.seed);
    }
    this.#trustedUntil = until;
    this.#failure = undefined;
  }

  /** Asks again and again, until closed. */
  keepFresh(): void {
    const { signal } = this.#life;
    const asking = async (): Promise<void> => {
      while (!signal.aborted) {
        await sleep(this.#failure ? askAgainMs : askMs, undefined, { signal, ref: false }).catch(() => {});
        if (signal.aborted) return;
        await this.refresh(signal).catch((error: unknown) => {
          this.#failure = error;
        });
      }
    };
    void asking();
  }

  #sourceOf(envelope: EncryptedObject): Eventually<KeyObject> {
    const name = sourceName(envelope);
    const known = this.#sources.get(name);
    if (known) return known;
    const { encryptedDEKSource, keyID, annotations } = envelope;
    const asked = this.#plugin
      .decrypt(encryptedDEKSource, keyID, annotations)
      .then((source) => createSecretKey(source));
    this.#remember(name, asked);
    asked.then(
      (source) => this.#remember(name, source),
      () => this.#sources.delete(name),
    );
    return asked;
  }

  #remember(name: string, source: Eventually<KeyObject>): void {
    this.#sources.set(name, source);
    const [oldest] = this.#sources.keys();
    if (this.#sources.size > mostSeeds && oldest !== undefined) this.#sources.delete(oldest);
  }

  #unwell(why: string): StorageError {
    return new StorageError('Unavailable', `${this.title} cannot be used: ${why}`);
  }
}

/** @throws Error when the data was changed, moved, or made with another source */
function dataOf(envelope: EncryptedObject, source: KeyObject, key: string): Buffer {
  const { encryptedData, encryptedDEKSourceType: type } = envelope;
  if (type === sourceType.key) return openGcm(source, encryptedData, key, 0);
  if (type !== sourceType.seed) throw new Error(`its keys are of the unknown type ${type}`);
  checkLength(encryptedData, infoBytes);
  return openGcm(derived(source, encryptedData.subarray(0, infoBytes)), encryptedData, key, infoBytes);
}

/** The first block of HKDF's expansion with SHA-256, which is all that a key of 32 bytes takes. */
const derived = (seed: KeyObject, info: Buffer): KeyObject =>
  createSecretKey(createHmac('sha256', seed).update(info).update(Buffer.of(1)).digest());

/** Equal for values whose source is the same. */
function sourceName({ encryptedDEKSource, keyID, annotations, encryptedDEKSourceType }: EncryptedObject): string {
  const marked = Object.entries(annotations).sort(([a], [b]) => (a < b ? -1 : 1));
  const parts = [encryptedDEKSourceType, keyID, marked.map(([name, value]) => [name, value.toString('base64')])];
  return createHash('sha256').update(JSON.stringify(parts)).update(encryptedDEKSource).digest('base64');
}
