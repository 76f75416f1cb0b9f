/**
 * The options of `kubedirector serve`: named as Kubernetes' own servers name them. In a pod none is needed.
 */

import type { RequestLimits } from '../../../apiserver/http/limits.ts';
import { durationMs } from '../../../openapi/machinery/duration.ts';
import type { EncryptionOptions } from '../../../storage/encryption/key-rings.ts';
import { encryptionFaults, encryptionFlags, encryptionIn } from '../encryption-flags.ts';
import { type Flag, readFlags, UsageError } from '../flags.ts';
import { listOf, type StorageOptions, storageFaults, storageFlags, storageIn } from '../storage-flags.ts';

export const serveFlags = {
  'secure-port': { value: 'N', help: 'port to serve HTTPS at', fallback: '6443' },
  'bind-address': { value: 'IP', help: 'address to listen at', fallback: '0.0.0.0' },
  'metrics-port': { value: 'N', help: 'port of /metrics over plain HTTP; 0: none', fallback: '60000' },
  'shutdown-delay-duration': {
    value: 'TIME',
    help: 'between being told to stop and refusing requests, such as 10s',
    fallback: '0s',
  },
  'max-requests-inflight': { value: 'N', help: 'reading requests at a time; 0: no limit', fallback: '400' },
  'max-mutating-requests-inflight': { value: 'N', help: 'writing requests at a time; 0: no limit', fallback: '200' },
  ...storageFlags,
  ...encryptionFlags,
  'tls-cert-file': { value: 'FILE', help: 'serving certificate; else one is made and kept in a Secret' },
  'tls-private-key-file': { value: 'FILE', help: 'its key' },
  'client-ca-file': { value: 'FILE', help: 'authority of client certificates; else as the host says' },
  'requestheader-client-ca-file': { value: 'FILE', help: 'authority of the front proxy; else as the host says' },
  'requestheader-allowed-names': { value: 'NAME[,…]', help: 'common names of the front proxy; none: any' },
  'requestheader-username-headers': {
    value: 'NAME[,…]',
    help: 'headers that name the user',
    fallback: 'x-remote-user',
  },
  'requestheader-uid-headers': { value: 'NAME[,…]', help: 'headers with the uid' },
  'requestheader-group-headers': { value: 'NAME[,…]', help: 'headers that name groups', fallback: 'x-remote-group' },
  'requestheader-extra-headers-prefix': {
    value: 'PREFIX[,…]',
    help: 'prefixes of headers with extra fields',
    fallback: 'x-remote-extra-',
  },
  kubeconfig: { value: 'FILE', help: 'how the host is reached; in a pod: by its service account' },
  'authentication-kubeconfig': { value: 'FILE', help: 'the same, for TokenReviews' },
  'authorization-kubeconfig': { value: 'FILE', help: 'the same, for SubjectAccessReviews' },
  namespace: { value: 'NAME', help: "KubeDirector's own; in a pod: the pod's" },
  'service-name': { value: 'NAME', help: 'the Service that leads to us', fallback: 'kubedirector' },
} as const satisfies Record<string, Flag>;

export interface RequestHeaderFlags {
  readonly caFile: string;
  readonly allowedNames: readonly string[];
  readonly usernameHeaders: readonly string[];
  readonly uidHeaders: readonly string[];
  readonly groupHeaders: readonly string[];
  readonly extraHeaderPrefixes: readonly string[];
}

export interface ServeOptions {
  readonly port: number;
  readonly bindAddress: string;
  /** 0: none. */
  readonly metricsPort: number;
  /** While readiness fails already and everything is still served, so that the cluster stops leading clients here. */
  readonly shutdownDelayMs: number;
  readonly limits: Pick<RequestLimits, 'readOnlyInFlight' | 'mutatingInFlight'>;
  readonly storage: StorageOptions;
  /** Undefined: values are not encrypted. */
  readonly encryption: EncryptionOptions | undefined;
  /** Undefined: made by ourselves. */
  readonly servingFiles: { readonly cert: string; readonly key: string } | undefined;
  readonly clientCaFile: string | undefined;
  readonly requestHeader: RequestHeaderFlags | undefined;
  readonly kubeconfig: string | undefined;
  readonly authenticationKubeconfig: string | undefined;
  readonly authorizationKubeconfig: string | undefined;
  readonly namespace: string | undefined;
  readonly serviceName: string;
}

type Values = Readonly<Record<keyof typeof serveFlags, string | undefined>>;

/** @throws UsageError with every fault */
export function serveOptions(args: readonly string[]): ServeOptions {
  const { values, rest } = readFlags(serveFlags, args);
  const faults = rest.length ? [`What is meant by ${rest.join(' ')}?`, ...faultsIn(values)] : faultsIn(values);
  if (faults.length) throw new UsageError(faults.join('\n'));
  const { 'tls-cert-file': cert, 'tls-private-key-file': key } = values;
  return Object.freeze({
    port: Number(values['secure-port']),
    bindAddress: values['bind-address'] ?? '',
    metricsPort: Number(values['metrics-port']),
    shutdownDelayMs: durationMs(values['shutdown-delay-duration'] ?? '') ?? 0,
    limits: {
      readOnlyInFlight: Number(values['max-requests-inflight']),
      mutatingInFlight: Number(values['max-mutating-requests-inflight']),
    },
    storage: storageIn(values),
    encryption: encryptionIn(values),
    servingFiles: cert && key ? { cert, key } : undefined,
    clientCaFile: values['client-ca-file'],
    requestHeader: requestHeaderIn(values),
    kubeconfig: values.kubeconfig,
    authenticationKubeconfig: values['authentication-kubeconfig'],
    authorizationKubeconfig: values['authorization-kubeconfig'],
    namespace: values.namespace,
    serviceName: values['service-name'] ?? '',
  });
}

function requestHeaderIn(values: Values): RequestHeaderFlags | undefined {
  const caFile = values['requestheader-client-ca-file'];
  if (!caFile) return undefined;
  return {
    caFile,
    allowedNames: listOf(values['requestheader-allowed-names']),
    usernameHeaders: listOf(values['requestheader-username-headers']),
    uidHeaders: listOf(values['requestheader-uid-headers']),
    groupHeaders: listOf(values['requestheader-group-headers']),
    extraHeaderPrefixes: listOf(values['requestheader-extra-headers-prefix']),
  };
}

function faultsIn(values: Values): string[] {
  const faults: string[] = [];
  for (const flag of ['secure-port', 'metrics-port'] as const) {
    const port = Number(values[flag]);
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      faults.push(`--${flag}=${values[flag]} is no port: it is a number up to 65535.`);
  }
  for (const flag of ['max-requests-inflight', 'max-mutating-requests-inflight'] as const)
    if (!/^\d{1,9}$/.test(values[flag] ?? '')) faults.push(`--${flag}=${values[flag]} is no number of requests.`);
  const delay = values['shutdown-delay-duration'] ?? '';
  if (durationMs(delay) === undefined)
    faults.push(`--shutdown-delay-duration=${delay} is no time such as 10s or 1m30s.`);
  faults.push(...storageFaults(values), ...encryptionFaults(values));
  if (!values['tls-cert-file'] !== !values['tls-private-key-file'])
    faults.push('--tls-cert-file and --tls-private-key-file belong together.');
  return faults;
}
