/**
 * The pod template of a role: one container `app` that runs the image of the app, and what it needs around it.
 *
 * Nothing of the node is mounted, unless the configuration says that systemd needs it.
 */
import { parseQuantity } from '../../../openapi/machinery/quantity.ts';
import { persistedDirectories } from '../../../openapi/persisted-directories.ts';
import type { ResourceRequirements } from '../../../openapi/v1beta1/core.ts';
import type { ClusterRole } from '../../../openapi/v1beta1/kubedirectorcluster.ts';
import type { Amount, Container, PodTemplate, Volume, VolumeMount } from '../../host-types.ts';
import { prettyNameAnnotation } from '../annotations.ts';
import { namespaceOf, type RoleBlueprint } from '../blueprint.ts';
import { blockDevicePaths, blockTemplateName } from './claims.ts';
import { initContainer, persistedMounts } from './persisted.ts';

export const appContainer = 'app';

/** A bound for mistakes, as the original set it; what is written there counts against the memory limit of the container anyway. */
const tmpfsLimit = '20Gi';
const tmpfs = { 'tmpfs-tmp': '/tmp', 'tmpfs-run': '/run', 'tmpfs-run-lock': '/run/lock' };

/**
 * What systemd needs of a node with cgroup v1, as the original mounted it. With v2 the runtime gives each container a tree of its own,
 * and there is no such directory: then the pod waits and says so, where a mount would have made a cgroup named `systemd` on the node.
 */
const cgroups = [
  { name: 'cgroupfs', path: '/sys/fs/cgroup', readOnly: true },
  { name: 'systemd', path: '/sys/fs/cgroup/systemd', readOnly: false },
];

export function podTemplateFor(blueprint: RoleBlueprint, labels: Record<string, string>): PodTemplate {
  const { cluster, role, config, found, clusterService } = blueprint;
  const needsCgroups = found.app.spec.systemdRequired === true && config.nativeSystemdSupport === false;
  const { volumes, mounts } = volumesFor(role, role.secret ?? cluster.spec.defaultSecret, needsCgroups);
  const directories = role.storage ? persistedDirectories(blueprint.effective) : [];
  const container = containerFor(blueprint, distinctPaths([...persistedMounts(directories), ...mounts]));
  return {
    metadata: {
      labels: { ...role.podLabels, ...config.podLabels, ...labels },
      annotations: {
        ...role.podAnnotations,
        ...config.podAnnotations,
        [prettyNameAnnotation]: found.app.spec.label.name,
      },
    },
    spec: {
      // Members that name no account have no business with the API server.
      automountServiceAccountToken: role.serviceAccountName !== undefined,
      ...(role.serviceAccountName && { serviceAccountName: role.serviceAccountName }),
      ...(role.affinity ? { affinity: role.affinity } : {}),
      ...(directories.length > 0 && { initContainers: [initContainer(container, directories)] }),
      containers: [container],
      volumes,
      // So that members reach each other by the name of the pod alone.
      dnsConfig: {
        searches: [`${clusterService}.${namespaceOf(blueprint)}${config.clusterSvcDomainBase ?? '.svc.cluster.local'}`],
      },
    },
  };
}

function containerFor({ role, effective, found }: RoleBlueprint, volumeMounts: VolumeMount[]): Container {
  const { ports, image, stdin, tty } = effective;
  const env = environmentFor(role, effective.setupPackage?.useNewSetupLayout === true);
  const capabilities = found.app.spec.capabilities ?? [];
  const { blockStorage } = role;
  return {
    name: appContainer,
    image,
    ...(role.resources && { resources: resourcesOf(role.resources) }),
    ...(ports.length > 0 && {
      // The protocol is part of what tells ports apart when they are applied.
      ports: ports.map(({ port, containerPortName }) => ({
        name: containerPortName,
        containerPort: port,
        protocol: 'TCP',
      })),
    }),
    ...(env.length > 0 && { env }),
    volumeMounts,
    ...(blockStorage && {
      volumeDevices: blockDevicePaths(role).map((devicePath, i) => ({ name: blockTemplateName(i), devicePath })),
    }),
    ...(capabilities.length > 0 && { securityContext: { capabilities: { add: capabilities } } }),
    ...(stdin && { stdin }),
    ...(tty && { tty }),
  };
}

/** A null says what absence says. */
const resourcesOf = ({ requests, ...limits }: ResourceRequirements): NonNullable<Container['resources']> => ({
  ...limits,
  ...(requests && { requests }),
});

/** What the user says wins over what we would say. */
function environmentFor(role: ClusterRole, newSetupLayout: boolean): NonNullable<Container['env']> {
  const env: NonNullable<Container['env']> = [...(role.env ?? [])];
  const add = (name: string, value: string) => {
    if (!env.some((variable) => variable.name === name)) env.push({ name, value });
  };
  if (newSetupLayout) add('PYTHONUSERBASE', '/usr/local');
  // Images made for GPUs would else see all of them, asked for or not.
  if (!asksForNvidia(role)) add('NVIDIA_VISIBLE_DEVICES', 'void');
  return env;
}

const asksForNvidia = ({ resources }: ClusterRole): boolean =>
  // Without requests Kubernetes takes the limits for them.
  Object.entries({ ...resources?.limits, ...resources?.requests }).some(
    ([name, amount]) => name.startsWith('nvidia.com/') && parseQuantity(amount) !== 0n,
  );

function volumesFor(
  { volumeProjections, sharedMemory }: ClusterRole,
  secret: ClusterRole['secret'],
  needsCgroups: boolean,
): { volumes: Volume[]; mounts: VolumeMount[] } {
  const volumes: Volume[] = [];
  const mounts: VolumeMount[] = [];
  const inMemory = (name: string, mountPath: string, sizeLimit: Amount) => {
    volumes.push({ name, emptyDir: { medium: 'Memory', sizeLimit } });
    mounts.push({ name, mountPath });
  };
  for (const [name, path] of Object.entries(tmpfs)) inMemory(name, path, tmpfsLimit);
  if (secret) {
    const { defaultMode } = secret;
    volumes.push({
      name: 'secret-vol',
      secret: { secretName: secret.name, ...(defaultMode !== undefined && { defaultMode }) },
    });
    mounts.push({ name: 'secret-vol', mountPath: secret.mountPath, readOnly: secret.readOnly ?? false });
  }
  for (const [i, { pvcName, mountPath, readOnly = false }] of (volumeProjections ?? []).entries()) {
    const name = `projected-vol-${i}`;
    volumes.push({ name, persistentVolumeClaim: { claimName: pvcName, readOnly } });
    mounts.push({ name, mountPath, readOnly });
  }
  if (sharedMemory) inMemory('shmem', '/dev/shm', sharedMemory);
  if (needsCgroups)
    for (const { name, path, readOnly } of cgroups) {
      volumes.push({ name, hostPath: { path, type: 'Directory' } });
      mounts.push({ name, mountPath: path, readOnly });
    }
  return { volumes, mounts };
}

/** A path is mounted once; a directory that the app wants kept wins over ours in memory. */
const distinctPaths = (mounts: readonly VolumeMount[]): VolumeMount[] =>
  mounts.filter(({ mountPath }, i) => mounts.findIndex((other) => other.mountPath === mountPath) === i);
