/**
 * The work that a member needs, as calls to the program in it: from what its role says and what the plan has decided.
 */
import type { GuestCall, Injection, SetupCall } from '../../../openapi/guest/calls.ts';
import type { MemberStatus } from '../../../openapi/v1beta1/kubedirectorcluster-status.ts';
import type { Work } from '../../guest/work.ts';
import type { RoleBlueprint } from '../blueprint.ts';
import type { Configuration } from './configuration.ts';
import { setupKey } from './setup.ts';
import type { UpdateWanted } from './updates.ts';

/** A larger package is a mistake, or an attack on the disk of a node. */
const largestPackage = 1 << 30;

/** Scripts that are told of a change may have data to move; one that hangs must not keep its member from hearing the rest. */
const deadlineSeconds = 600;

export function setupWork(
  blueprint: RoleBlueprint,
  member: MemberStatus,
  attempt: number,
  container: string,
  configuration: Configuration,
): Work {
  const { role, effective, found } = blueprint;
  const { setupPackage } = effective;
  return {
    ...{ verb: 'setup', pod: member.pod, container, key: setupKey(container, attempt) },
    say: (helper) => {
      const call: SetupCall = {
        verb: 'setup',
        ...common(blueprint, container, member.stateDetail?.lastConfigDataGeneration ?? configuration.generation),
        attempt,
        injections: injectionsOf(role),
        systemd: found.app.spec.systemdRequired === true,
        ...(setupPackage && {
          setup: {
            package: {
              url: setupPackage.packageURL,
              maxBytes: largestPackage,
              ...(setupPackage.sha256 !== undefined && { sha256: setupPackage.sha256 }),
            },
            configure: effective.events.includes('configure'),
            configmeta: documentFor(member, blueprint, configuration),
            helper: helper(),
          },
        }),
      };
      return { call, secrets: configuration.secrets() };
    },
  };
}

export function updateWork(
  blueprint: RoleBlueprint,
  member: MemberStatus,
  wanted: UpdateWanted,
  container: string,
  configuration: Configuration,
): Work {
  return {
    ...{ verb: 'update', pod: member.pod, container, key: wanted.key },
    say: () => {
      const call: GuestCall = {
        verb: 'update',
        ...common(blueprint, container, wanted.generation),
        configmeta: documentFor(member, blueprint, configuration),
        notifications: wanted.notifications,
        ...(wanted.reconnect !== undefined && { reconnect: wanted.reconnect }),
        deadlineSeconds,
      };
      return { call, secrets: configuration.secrets() };
    },
  };
}

const common = ({ effective }: RoleBlueprint, container: string, generation: number) => ({
  ...{ container, generation, tailBytes: effective.maxLogSize },
  layout: effective.setupPackage?.useNewSetupLayout ? ('new' as const) : ('legacy' as const),
});

const documentFor = (
  { pod, nodeID = 0, blockDevicePaths = [] }: MemberStatus,
  { role }: RoleBlueprint,
  configuration: Configuration,
): string => configuration.documentOf({ role: role.id, pod, nodeID, blockDevicePaths });

const injectionsOf = ({ fileInjections }: RoleBlueprint['role']): Injection[] =>
  (fileInjections ?? []).map(({ srcURL, destDir, permissions }) => ({
    ...{ url: srcURL, directory: destDir },
    ...(permissions?.fileMode !== undefined && { mode: permissions.fileMode.toString(8).padStart(4, '0') }),
    ...(permissions?.fileOwner !== undefined && { owner: permissions.fileOwner }),
    ...(permissions?.fileGroup !== undefined && { group: permissions.fileGroup }),
  }));
