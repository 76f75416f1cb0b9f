/**
 * Where the user wants things mounted in members, and what is mounted there already.
 *
 * Kubernetes takes no pod that mounts two things at one path. A claim or a Secret *below* a directory of ours is fine.
 */
import { posix } from 'node:path';
import { type FieldError, type FieldPath, invalid } from '../../../openapi/machinery/field.ts';
import { persistedDirectories } from '../../../openapi/persisted-directories.ts';
import type { AppRole, AppSpec } from '../../../openapi/v1beta1/kubedirectorapp.ts';
import type { ClusterRole, ClusterSpec } from '../../../openapi/v1beta1/kubedirectorcluster.ts';

interface Mount {
  readonly path: string;
  /** Completes the sentence "clashes with …". */
  readonly what: string;
}

/**
 * @param offered the role in the app; undefined when the app has no such role, which is a fault of its own
 * @param roleAt,defaultSecretAt where the role and the cluster's default Secret stand
 */
export function mountFaults(
  role: ClusterRole,
  { defaultSecret }: Pick<ClusterSpec, 'defaultSecret'>,
  app: AppSpec,
  offered: AppRole | undefined,
  roleAt: FieldPath,
  defaultSecretAt: FieldPath,
): FieldError[] {
  const { secret, volumeProjections = [] } = role;
  const taken: Mount[] = offered ? systemMounts(role, app, offered) : [];
  const faults: FieldError[] = [];
  const mount = (path: string, at: FieldPath, what: string): void => {
    const normal = posix.resolve('/', path);
    const clash = taken.find((other) => other.path === normal);
    if (path.includes(':')) faults.push(invalid(at, path, "must not contain ':'"));
    else if (normal === '/') faults.push(invalid(at, path, 'must not be the root directory'));
    else if (clash) faults.push(invalid(at, path, `clashes with ${clash.what}`));
    taken.push({ path: normal, what });
  };
  if (secret) mount(secret.mountPath, roleAt.child('secret').child('mountPath'), 'the mount path of the Secret');
  else if (defaultSecret)
    mount(defaultSecret.mountPath, defaultSecretAt.child('mountPath'), 'the mount path of defaultSecret');
  for (const [i, { mountPath }] of volumeProjections.entries()) {
    const at = roleAt.child('volumeProjections').index(i);
    mount(mountPath, at.child('mountPath'), `the mount path of volumeProjections[${i}]`);
  }
  return faults;
}

function systemMounts({ storage, sharedMemory }: ClusterRole, app: AppSpec, offered: AppRole): Mount[] {
  const setupPackage =
    (offered.configPackage === undefined ? app.defaultConfigPackage : offered.configPackage) ?? undefined;
  const persistDirs = offered.persistDirs ?? app.defaultPersistDirs ?? [];
  const kept = storage ? persistedDirectories({ setupPackage, persistDirs }) : [];
  const ours = ['/tmp', '/run', '/run/lock'];
  if (sharedMemory !== undefined) ours.push('/dev/shm');
  if (app.systemdRequired) ours.push('/sys/fs/cgroup', '/sys/fs/cgroup/systemd');
  return [
    ...kept.map((path) => ({ path, what: 'a directory that is kept on the volume of the member' })),
    ...ours.map((path) => ({ path, what: 'a mount that every member has' })),
  ];
}
