/**
 * The certificate that `serve` serves with: from files, or made by ourselves and kept in a Secret that all replicas share.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { keepSecret } from '../../../apiserver/host/kept-secret.ts';
import type { HostClient } from '../../../apiserver/host/rest.ts';
import type { CertificateAndKey } from '../../../apiserver/serving/certificates.ts';
import { followTexts, readTexts } from '../../../apiserver/serving/files.ts';
import { makeServing, type ServingNames, servesWell } from '../../../apiserver/serving/self-made.ts';
import type { Clock } from '../../../openapi/machinery/clock.ts';
import type { Log } from '../../../openapi/machinery/log.ts';

export interface Serving {
  readonly material: CertificateAndKey;
  /** PEM of whom clients should trust; undefined when that is somebody else's business. */
  readonly bundle: string | undefined;
  /** Keeps it fresh until the signal aborts; tells of every change. */
  run(changed: (material: CertificateAndKey, bundle: string | undefined) => void, signal: AbortSignal): Promise<void>;
}

/** @throws Error naming a file that cannot be read */
export function servingFromFiles(paths: { readonly cert: string; readonly key: string }, log: Log): Serving {
  const material = readTexts(paths);
  return {
    material,
    bundle: undefined,
    run: (changed, signal) => followTexts(paths, material, (texts) => changed(texts, undefined), { log }, signal),
  };
}

export interface SharedServing {
  readonly client: HostClient;
  readonly namespace: string;
  /** Of the Secret. */
  readonly name: string;
  readonly names: ServingNames;
  readonly clock: Clock;
  readonly log: Log;
}

/** Replicas look at different moments whether it is time for a new one. */
const renewalMs = 3600_000;

/** @throws StatusError when the host refuses the Secret */
export async function servingFromSecret(shared: SharedServing, signal: AbortSignal): Promise<Serving> {
  const { client, namespace, name, names, clock, log } = shared;
  const look = (asking: AbortSignal) =>
    keepSecret(
      client,
      {
        namespace,
        name,
        good: (texts) => servesWell(texts, names, clock.now()),
        make: async (before) => ({ ...(await makeServing(before, names, clock.now())) }),
      },
      asking,
    );
  let texts = await look(signal);
  const material = (): CertificateAndKey => ({ cert: texts['tls.crt'] ?? '', key: texts['tls.key'] ?? '' });
  return {
    material: material(),
    bundle: texts['ca.crt'],
    run: async (changed, living) => {
      while (!living.aborted) {
        await sleep(renewalMs * (0.5 + Math.random()), undefined, { signal: living }).catch(() => {});
        if (living.aborted) return;
        try {
          const now = await look(living);
          if (now['tls.crt'] === texts['tls.crt'] && now['ca.crt'] === texts['ca.crt']) continue;
          texts = now;
          changed(material(), texts['ca.crt']);
          log.info('a new serving certificate is used from now on', { secret: name });
        } catch (error) {
          log.error('the serving certificate could not be looked after', error, { secret: name });
        }
      }
    },
  };
}
