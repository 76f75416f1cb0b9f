/**
 * The volume of a member: which directories of the image live on it, and the init container that copies them there once.
 */
import { posix } from 'node:path';
import type { Container, VolumeMount } from '../host-types.ts';
import type { EffectiveRole, SetupPackage } from './effective-role.ts';

/** The claim template of the volume; with the name of the pod behind it, the name of the claim. */
export const volumeName = 'p';

/** What has to be kept with the volume so that a member that was set up stays set up. */
const keptFor = (setupPackage: SetupPackage | undefined): readonly string[] => {
  if (!setupPackage) return ['/etc'];
  return setupPackage.useNewSetupLayout
    ? ['/etc', '/opt/guestconfig', '/var/log/guestconfig', '/usr/local/bin', '/usr/local/lib']
    : ['/etc', '/opt', '/usr'];
};

/** Ours first, then the app's; none lies in another. */
export function persistedDirectories({ setupPackage, persistDirs }: EffectiveRole): string[] {
  const all = [...keptFor(setupPackage), ...persistDirs].map((dir) => posix.resolve('/', dir));
  const distinct = [...new Set(all)].filter((dir) => dir !== '/');
  return distinct.filter((dir) => !distinct.some((other) => dir.startsWith(`${other}/`)));
}

export const persistedMounts = (directories: readonly string[]): VolumeMount[] =>
  directories.map((dir) => ({ name: volumeName, mountPath: dir, subPath: dir.slice(1) }));

/** Where the init container sees the whole volume; marks of what is done lie beside the directories, where members do not look. */
const mountPoint = '/mnt';

/**
 * Directories come as arguments and are never part of the text. A directory is marked only when everything in it was copied, so
 * that a copy that was cut short is made again; `-x` keeps out what is mounted below it. One that the image lacks is made empty.
 */
const copyScript = `set -eu
for dir in "$@"; do
  mark="${mountPoint}/.kubedirector$dir/.copied"
  if [ -e "$mark" ]; then continue; fi
  mkdir -p "${mountPoint}$dir" "${mountPoint}/.kubedirector$dir"
  if [ -d "$dir" ]; then
    cp -ax "$dir/." "${mountPoint}$dir/"
    wanted=$(cd "$dir" && find . -xdev | wc -l)
    copied=$(cd "${mountPoint}$dir" && find . -xdev | wc -l)
    if [ "$copied" -lt "$wanted" ]; then
      echo "$dir: copied $copied of $wanted files" >&2
      exit 1
    fi
  fi
  sync
  : > "$mark"
done
`;

export const initContainer = (app: Container, directories: readonly string[]): Container => ({
  name: 'init',
  image: app.image,
  command: ['sh', '-c', copyScript, 'copy', ...directories],
  ...(app.resources && { resources: app.resources }),
  securityContext: { runAsUser: 0 },
  volumeMounts: [{ name: volumeName, mountPath: mountPoint }],
});
