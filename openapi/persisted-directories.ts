/**
 * Which directories of the image live on the volume of a member. The reconciler mounts them; validation refuses what would be mounted
 * in their place.
 */
import { posix } from 'node:path';
import type { AppRole } from './v1beta1/kubedirectorapp.ts';

/** What a role has once its own values have won over the defaults of its app. */
export interface PersistingRole {
  readonly setupPackage: NonNullable<AppRole['configPackage']> | undefined;
  /** What the app wants kept. */
  readonly persistDirs: readonly string[];
}

/** What has to be kept with the volume so that a member that was set up stays set up. */
const keptFor = (setupPackage: PersistingRole['setupPackage']): readonly string[] => {
  if (!setupPackage) return ['/etc'];
  return setupPackage.useNewSetupLayout
    ? ['/etc', '/opt/guestconfig', '/var/log/guestconfig', '/usr/local/bin', '/usr/local/lib']
    : ['/etc', '/opt', '/usr'];
};

/** Ours first, then the app's; none lies in another. */
export function persistedDirectories({ setupPackage, persistDirs }: PersistingRole): string[] {
  const all = [...keptFor(setupPackage), ...persistDirs].map((dir) => posix.resolve('/', dir));
  const distinct = [...new Set(all)].filter((dir) => dir !== '/');
  return distinct.filter((dir) => !distinct.some((other) => dir.startsWith(`${other}/`)));
}
