/**
 * The flags that say where objects are stored: the same for every command that opens a store, named as Kubernetes names them.
 */
import { resolve } from 'node:path';
import type { StoreOptions } from '../../storage/open.ts';
import type { Flag } from './flags.ts';

export const storageFlags = {
  storage: { value: 'KIND', help: 'etcd or embedded', fallback: 'etcd' },
  'data-dir': { value: 'DIR', help: 'where --storage=embedded keeps everything' },
  'etcd-servers': { value: 'URL[,URL]', help: 'etcd; else the one that was deployed with us' },
  'etcd-cafile': { value: 'FILE', help: "authority of etcd's certificate" },
  'etcd-certfile': { value: 'FILE', help: 'our client certificate for etcd' },
  'etcd-keyfile': { value: 'FILE', help: 'its key' },
  'etcd-prefix': { value: 'PATH', help: 'of every key in etcd', fallback: '/registry' },
} as const satisfies Record<string, Flag>;

export interface EtcdFlags {
  /** Empty: the etcd that was deployed with us. */
  readonly servers: readonly string[];
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly prefix: string;
}

export type StorageOptions =
  | { readonly kind: 'embedded'; readonly directory: string }
  | ({ readonly kind: 'etcd' } & EtcdFlags);

type Values = Readonly<Record<keyof typeof storageFlags, string | undefined>>;

export const listOf = (text: string | undefined): string[] => (text ?? '').split(',').filter((part) => part !== '');

/** Of flags in which `storageFaults` finds nothing. */
export function storageIn(values: Values): StorageOptions {
  if (values.storage === 'embedded') return { kind: 'embedded', directory: resolve(values['data-dir'] ?? '') };
  return {
    kind: 'etcd',
    servers: listOf(values['etcd-servers']),
    ca: values['etcd-cafile'],
    cert: values['etcd-certfile'],
    key: values['etcd-keyfile'],
    prefix: values['etcd-prefix'] ?? '',
  };
}

export function storageFaults(values: Values): string[] {
  const faults: string[] = [];
  if (values.storage !== 'etcd' && values.storage !== 'embedded')
    faults.push(`--storage=${values.storage}: it is etcd or embedded.`);
  if (values.storage === 'embedded' && !values['data-dir'])
    faults.push('--storage=embedded needs --data-dir, a folder that outlives the pod.');
  for (const server of listOf(values['etcd-servers']))
    if (!URL.canParse(server) || !/^https?:$/.test(new URL(server).protocol))
      faults.push(`--etcd-servers: ${server} is no URL such as https://127.0.0.1:2379.`);
  if (!values['etcd-certfile'] !== !values['etcd-keyfile'])
    faults.push('--etcd-certfile and --etcd-keyfile belong together.');
  return faults;
}

/** The etcd that the flags name; undefined when they mean the one that was deployed with us. */
export function namedEtcd({ servers, ca, cert, key, prefix }: EtcdFlags): NamedEtcd | undefined {
  if (!servers.length) return undefined;
  return { kind: 'etcd', endpoints: servers, prefix, ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}

type NamedEtcd = StoreOptions & { readonly kind: 'etcd' };
