/**
 * `kubedirector deploy`: applies what is in deploy/kubernetes to the cluster that kubectl is set to, after looking whether that can
 * work, and waits until it does. Nothing is built.
 */
import { join } from 'node:path';
import { type Flag, readFlags, UsageError } from '../flags.ts';
import { packageFolder } from '../package-folder.ts';
import { obstacles } from './checks.ts';
import { Kubectl } from './kubectl.ts';

export const deployFlags = {
  kustomization: { value: 'DIR', help: 'what is applied: an overlay of yours, or what comes with KubeDirector' },
  kubeconfig: { value: 'FILE', help: "as kubectl's" },
  context: { value: 'NAME', help: "as kubectl's" },
  timeout: { value: 'TIME', help: 'how long it may take until KubeDirector answers', fallback: '3m' },
} as const satisfies Record<string, Flag>;

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** @throws UsageError with everything that stands in the way */
export async function deployCommand(args: readonly string[]): Promise<void> {
  const { kustomization, kubeconfig, context, timeout } = readFlags(deployFlags, args).values;
  const kubectl = new Kubectl([
    ...(kubeconfig ? [`--kubeconfig=${kubeconfig}`] : []),
    ...(context ? [`--context=${context}`] : []),
  ]);
  const root = packageFolder(import.meta.dirname);
  say('Looking at the cluster …');
  const faults = await obstacles(kubectl);
  if (faults.length) throw new UsageError(faults.join('\n'));

  await kubectl.show('apply', '-k', kustomization ?? join(root, 'deploy', 'kubernetes'));
  say('\nWaiting until KubeDirector answers …');
  const wait = `--timeout=${timeout}`;
  const within = '--namespace=kubedirector';
  // An overlay may keep objects elsewhere.
  const etcd = await kubectl.ask(within, 'get', 'statefulset/kubedirector-etcd', '--ignore-not-found', '--output=name');
  if (etcd.stdout.trim()) await kubectl.show(within, 'rollout', 'status', etcd.stdout.trim(), wait);
  await kubectl.show(within, 'rollout', 'status', 'deployment/kubedirector', wait);
  for (const version of ['v1beta1', 'v1alpha1'])
    await kubectl.show('wait', '--for=condition=Available', `apiservice/${version}.kubedirector.bluedata.io`, wait);

  say('\nApplying the example apps …');
  await kubectl.show('apply', '-k', join(root, 'catalog'));
  say('\nKubeDirector is there. Try:');
  say('  kubectl get kubedirectorapps --namespace=kubedirector');
  say('  kubectl create -f catalog/clusters/cr-cluster-spark221e2.yaml');
}
