/**
 * The catalog, applied once: at the first start of a store. What a user deletes afterwards stays deleted.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeYaml } from '../../../apiserver/codec/yaml.ts';
import type { Registries } from '../../../apiserver/registry/registries.ts';
import { isRecord } from '../../../openapi/machinery/meta.ts';
import { isAlreadyExists } from '../../../openapi/machinery/status.ts';
import type { OpenedStore } from '../../../storage/open.ts';
import { Store } from '../../../storage/store.ts';
import { packageFolder } from '../package-folder.ts';

/** A key of our own that says that it was done. */
const mark = 'sandbox/catalog';

/** @returns the names of the apps that were applied; none when that was done before */
export async function applyCatalog(
  registries: Registries,
  { kv, keyspace }: OpenedStore,
  namespace: string,
  signal: AbortSignal,
): Promise<string[]> {
  const store = new Store(kv);
  const done = keyspace.ownKey(mark);
  if (await store.get(done, signal)) return [];
  const names: string[] = [];
  for (const file of appFiles()) names.push(await applyApp(file, registries, namespace, signal));
  await store.create(done, async () => ({ write: Buffer.from(names.join('\n')) }), signal);
  return names;
}

async function applyApp(file: string, registries: Registries, namespace: string, signal: AbortSignal): Promise<string> {
  const { value, duplicates } = decodeYaml(readFileSync(file));
  const [, version = ''] = isRecord(value) ? String(value.apiVersion).split('/') : [];
  const registry = registries.find('kubedirector.bluedata.io', 'kubedirectorapps');
  if (!registry) throw new Error('the server has no apps');
  const { name } = (value as { metadata: { name: string } }).metadata;
  const context = {
    ...{ user: { name: 'system:catalog', groups: [] }, dryRun: false, subresource: '', warn: () => {} },
    manager: { name: 'kubedirector', apiVersion: `kubedirector.bluedata.io/${version}` },
  };
  try {
    await registry.create(
      { value, duplicates },
      { namespace, name: '', version },
      { ...context, fieldValidation: 'Strict' },
      signal,
    );
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
  return name;
}

function appFiles(): string[] {
  const folder = join(packageFolder(import.meta.dirname), 'catalog', 'apps');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .map((file) => join(folder, file));
}
