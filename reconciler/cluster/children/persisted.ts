/**
 * The volume of a member: how the directories that live on it are mounted, and the init container that copies them there once.
 * Which directories those are is said in openapi/persisted-directories.ts.
 */
import type { Container, VolumeMount } from '../../host-types.ts';

/** The claim template of the volume; with the name of the pod behind it, the name of the claim. */
export const volumeName = 'p';

export const persistedMounts = (directories: readonly string[]): VolumeMount[] =>
  directories.map((dir) => ({ name: volumeName, mountPath: dir, subPath: dir.slice(1) }));

/** Where the init container sees the whole volume; marks of what is done lie beside the directories, where members do not look. */
const mountPoint = '/mnt';

/** Its name, which people know from the original. */
export const copyContainer = 'init';

/**
 * Directories come as arguments and are never part of the text. A directory is marked only when everything in it was copied, so
 * that a copy that was cut short is made again; `-x` keeps out what is mounted below it. One that the image lacks is made empty.
 *
 * How much there is to be is written down first, for progressScript; an image that cannot say copies all the same.
 */
const copyScript = `set -eu
mkdir -p "${mountPoint}/.kubedirector"
missing=
for dir in "$@"; do
  if [ ! -e "${mountPoint}/.kubedirector$dir/.copied" ]; then missing=yes; fi
done
if [ -z "$missing" ]; then exit 0; fi
total=0
for dir in "$@"; do
  if [ ! -d "$dir" ]; then continue; fi
  size=$(du -skx "$dir" 2>/dev/null | cut -f1) || size=0
  total=$((total + \${size:-0}))
done
echo "$total" > "${mountPoint}/.kubedirector/.total"
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

/** Run beside the copy: a line with how many kilobytes there are and are to be, whenever that has changed. Ends with the container. */
export const progressScript = `last=
while [ ! -e "${mountPoint}/.kubedirector/.total" ]; do sleep 1; done
while total=$(cat "${mountPoint}/.kubedirector/.total"); do
  line="$(du -sk ${mountPoint} | cut -f1) $total"
  if [ "$line" != "$last" ]; then echo "$line"; fi
  last=$line
  sleep 3
done`;

export const initContainer = (app: Container, directories: readonly string[]): Container => ({
  name: copyContainer,
  image: app.image,
  command: ['sh', '-c', copyScript, 'copy', ...directories],
  ...(app.resources && { resources: app.resources }),
  securityContext: { runAsUser: 0 },
  volumeMounts: [{ name: volumeName, mountPath: mountPoint }],
});
