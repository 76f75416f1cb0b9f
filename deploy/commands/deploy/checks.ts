/**
 * What is looked at before anything is applied: everything that would make an installation fail half way, said at once.
 */
import type { Kubectl } from './kubectl.ts';

const group = 'kubedirector.bluedata.io';
/** The oldest Kubernetes that is supported. */
const oldest = 20;

interface Version {
  readonly serverVersion?: { readonly major: string; readonly minor: string; readonly gitVersion: string };
}

/** @returns what stands in the way, in sentences; none when nothing does */
export async function obstacles(kubectl: Kubectl): Promise<string[]> {
  const { code, stdout, stderr } = await kubectl.ask('version', '-o', 'json');
  const { serverVersion } = (code === 0 ? JSON.parse(stdout) : {}) as Version;
  if (!serverVersion) return [`The cluster does not answer: ${stderr.trim().split('\n').at(-1)}`];
  const faults: string[] = [];
  const minor = Number.parseInt(serverVersion.minor, 10);
  if (serverVersion.major === '1' && minor < oldest)
    faults.push(`The cluster is ${serverVersion.gitVersion}; KubeDirector needs Kubernetes 1.${oldest} or newer.`);
  const found = await Promise.all([mayInstall(kubectl), definitions(kubectl), registration(kubectl)]);
  return [...faults, ...found.flat()];
}

async function mayInstall(kubectl: Kubectl): Promise<string[]> {
  const needed = [
    ['create', 'namespaces'],
    ['create', 'clusterroles.rbac.authorization.k8s.io'],
    ['create', 'clusterrolebindings.rbac.authorization.k8s.io'],
    ['create', 'apiservices.apiregistration.k8s.io'],
    ['create', 'deployments.apps', '--namespace=kubedirector'],
    ['create', 'rolebindings.rbac.authorization.k8s.io', '--namespace=kube-system'],
  ];
  const answers = await Promise.all(
    needed.map(async (what) => ({ what, allowed: (await kubectl.ask('auth', 'can-i', ...what)).stdout.trim() })),
  );
  return answers
    .filter(({ allowed }) => !allowed.startsWith('yes'))
    .map(({ what }) => `You may not ${what.join(' ')}; an administrator of the cluster may.`);
}

/** The operator of the same name kept its kinds as custom resources; the cluster cannot have both. */
async function definitions(kubectl: Kubectl): Promise<string[]> {
  const { stdout } = await kubectl.ask('get', 'customresourcedefinitions', '-o', 'name');
  const theirs = stdout.split('\n').filter((name) => name.endsWith(`.${group}`));
  if (!theirs.length) return [];
  return [
    `The cluster has custom resources of the group ${group}, of the operator that KubeDirector succeeds: ` +
      `${theirs.map((name) => name.split('/')[1]).join(', ')}. Save what you need of them and delete these definitions first.`,
  ];
}

async function registration(kubectl: Kubectl): Promise<string[]> {
  const name = `v1beta1.${group}`;
  const path = '{.spec.service.namespace}/{.spec.service.name}';
  const { code, stdout } = await kubectl.ask('get', 'apiservice', name, '-o', `jsonpath=${path}`);
  if (code !== 0 || stdout === 'kubedirector/kubedirector') return [];
  return [`The group ${group} is served by another Service already: ${stdout}.`];
}
