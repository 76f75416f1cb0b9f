/**
 * What an app comes to: its defaults told of every role that has no value of its own. Two apps with the same effective spec are the
 * same to every cluster, however they are written.
 */
import { type AppRole, type AppSpec, lifecycleEvents } from '../../../openapi/v1beta1/kubedirectorapp.ts';

const defaultMaxLogSize = 256;

/** Compared, never stored: what the author of the app wrote stays as it was written. */
export function effectiveApp(app: AppSpec): object {
  const {
    defaultImageRepoTag,
    defaultConfigPackage,
    defaultPersistDirs,
    defaultEventList,
    defaultMaxLogSizeDump,
    roles,
    services,
    ...rest
  } = app;
  const effectiveRole = (role: AppRole): object => ({
    ...role,
    imageRepoTag: role.imageRepoTag ?? defaultImageRepoTag,
    // Three-valued: null says that there is none, also where the app has one.
    configPackage: (role.configPackage === undefined ? defaultConfigPackage : role.configPackage) ?? null,
    persistDirs: role.persistDirs ?? defaultPersistDirs ?? [],
    eventList: role.eventList ?? defaultEventList ?? lifecycleEvents,
    maxLogSizeDump: role.maxLogSizeDump ?? defaultMaxLogSizeDump ?? defaultMaxLogSize,
  });
  return { ...rest, services: services ?? [], roles: roles.map(effectiveRole) };
}
