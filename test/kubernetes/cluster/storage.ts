/**
 * Volumes for claims: folders of this machine, made by kube-controller-manager.
 */
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { kubectl } from './kubectl.ts';
import { runningPid } from './processes.ts';

export const defaultStorageClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'standard', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
  provisioner: 'kubernetes.io/host-path',
};

/** Where kube-controller-manager makes them. Other clusters of this machine may have theirs beside ours. */
const folder = '/tmp/hostpath_pv';

/** Removes the folders of all volumes there are, while the cluster still knows them. */
export async function removeVolumes(): Promise<void> {
  if (runningPid('kube-apiserver') === undefined) return;
  const listing = await kubectl('get', 'persistentvolumes', '--output=json', '--request-timeout=5s').catch(
    () => undefined,
  );
  const volumes: { spec: { hostPath?: { path: string } } }[] = listing === undefined ? [] : JSON.parse(listing).items;
  const paths = volumes.flatMap(({ spec }) => spec.hostPath?.path ?? []);
  for (const path of paths) if (dirname(path) === folder) await rm(path, { recursive: true, force: true });
}
