/**
 * The volume of a member: how the directories that live on it are mounted, and the init container that copies them there once.
 * Which directories those are is said in openapi/persisted-directories.ts.
 */
import type { Container, VolumeMount } from '../host-types.ts';

/** The claim template of the volume; with the name of the pod behind it, the name of the claim. */
export const volumeName = 'p';

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
