/**
 * kubectl of the cluster's own version, as its administrator.
 */
import { join } from 'node:path';
import { run } from '../../../deploy/image/programs.ts';
import { adminKubeconfig, folders } from './settings.ts';

export const kubectlPath = join(folders.bin, 'kubectl');

export const kubectl = (...args: readonly string[]): Promise<string> =>
  run(kubectlPath, [`--kubeconfig=${adminKubeconfig}`, ...args]);

/** `kubectl apply`, with objects as they are. */
export const applyObjects = (...items: readonly object[]): Promise<string> =>
  run(kubectlPath, [`--kubeconfig=${adminKubeconfig}`, 'apply', '--filename=-'], {
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
  });
