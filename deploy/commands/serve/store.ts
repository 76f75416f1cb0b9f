/**
 * The store of `serve`: the etcd that flags name, the one that was deployed with us, or a folder.
 *
 * With the etcd that was deployed with us we talk by certificates that we make: its own are in the Secret that its pod mounts.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { keepSecret, type SecretTexts } from '../../../apiserver/host/kept-secret.ts';
import type { HostClient } from '../../../apiserver/host/rest.ts';
import { issueClientCertificate } from '../../../apiserver/serving/certificates.ts';
import { makeServing, servesWell } from '../../../apiserver/serving/self-made.ts';
import type { Clock } from '../../../openapi/machinery/clock.ts';
import type { Log } from '../../../openapi/machinery/log.ts';
import { isStorageError } from '../../../storage/errors.ts';
import { type OpenedStore, openStore, type StoreOptions } from '../../../storage/open.ts';
import { writePrivately } from '../private-file.ts';
import { namedEtcd } from '../storage-flags.ts';
import type { ServeOptions } from './options.ts';

/** The StatefulSet, Service and Secret of the etcd that is deployed with us. */
const ownEtcd = 'kubedirector-etcd';
/** etcd may start at the same time as we do. */
const patienceMs = 1000;
const renewalMs = 3600_000;

export interface StoreSurroundings {
  readonly client: HostClient;
  readonly namespace: string;
  readonly clock: Clock;
  readonly log: Log;
}

export interface ServedStore {
  readonly opened: OpenedStore;
  /** Keeps certificates fresh until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/** Waits for the store as long as the signal lasts. @throws the signal's reason; StorageError when waiting would not help */
export async function openServedStore(
  { storage, encryption }: Pick<ServeOptions, 'storage' | 'encryption'>,
  around: StoreSurroundings,
  signal: AbortSignal,
): Promise<ServedStore> {
  const { log } = around;
  const { options, run } = await foundStore(storage, around, signal);
  const encrypted = { ...options, ...(encryption && { encryption: { ...encryption, log } }) };
  // A folder that is in use, or a disk that fails, is not waited for.
  const open = options.kind === 'embedded' ? openStore(encrypted, signal) : patiently(encrypted, log, signal);
  return { opened: await open, run };
}

export interface FoundStore {
  readonly options: StoreOptions;
  /** Keeps certificates fresh until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/** Where the store is, and what it takes to be let in. @throws StatusError when the host refuses the Secret */
export async function foundStore(
  storage: ServeOptions['storage'],
  around: StoreSurroundings,
  signal: AbortSignal,
): Promise<FoundStore> {
  if (storage.kind === 'embedded') return { options: storage, run: async () => {} };
  const { log } = around;
  const named = namedEtcd(storage);
  if (named) return { options: { ...named, log }, run: async () => {} };
  const certificates = new OwnEtcdCertificates(around);
  await certificates.refresh(signal);
  const endpoints = [`https://${ownEtcd}.${around.namespace}.svc:2379`];
  return {
    options: { kind: 'etcd', endpoints, prefix: storage.prefix, log, ...certificates.files },
    run: (living) => certificates.run(living),
  };
}

async function patiently(options: StoreOptions, log: Log, signal: AbortSignal): Promise<OpenedStore> {
  for (let complained = false; ; complained = true) {
    try {
      return await openStore(options, signal);
    } catch (error) {
      if (!isStorageError(error, 'Unavailable') || signal.aborted) throw error;
      if (!complained) log.warn('the store does not answer yet', { cause: String(error) });
      await sleep(patienceMs, undefined, { signal });
    }
  }
}

/** Certificates of etcd and of its one client, in a Secret; ours also in files, which are read for every connection. */
class OwnEtcdCertificates {
  readonly files: { readonly ca: string; readonly cert: string; readonly key: string };
  readonly #around: StoreSurroundings;

  constructor(around: StoreSurroundings) {
    const folder = mkdtempSync(join(tmpdir(), 'kubedirector-etcd-'));
    this.#around = around;
    this.files = { ca: join(folder, 'ca.crt'), cert: join(folder, 'client.crt'), key: join(folder, 'client.key') };
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(renewalMs * (0.5 + Math.random()), undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      await this.refresh(signal).catch((error: unknown) =>
        this.#around.log.error("etcd's certificates could not be looked after", error),
      );
    }
  }

  /** @throws StatusError when the host refuses the Secret */
  async refresh(signal: AbortSignal): Promise<void> {
    const { client, namespace, clock } = this.#around;
    const service = `${ownEtcd}.${namespace}.svc`;
    const members = [0, 1, 2].map((ordinal) => `${ownEtcd}-${ordinal}.${service}`);
    const names = { dns: [service, `${service}.cluster.local`, ...members, 'localhost'], ip: ['127.0.0.1'] };
    const texts = await keepSecret(
      client,
      {
        namespace,
        name: ownEtcd,
        good: (there) => Boolean(there['client.crt']) && servesWell(there, names, clock.now()),
        make: async (before): Promise<SecretTexts> => {
          const serving = await makeServing(before, names, clock.now());
          const authority = { cert: serving['ca.crt'], key: serving['ca.key'] };
          // Of the same life as etcd's own, so that both are renewed together.
          const mine = await issueClientCertificate(authority, 'kubedirector', [], 90);
          return { ...serving, 'client.crt': mine.cert, 'client.key': mine.key };
        },
      },
      signal,
    );
    writePrivately(this.files.ca, texts['ca.crt'] ?? '');
    writePrivately(this.files.key, texts['client.key'] ?? '');
    writePrivately(this.files.cert, texts['client.crt'] ?? '');
  }
}
