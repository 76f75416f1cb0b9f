/**
 * In whose name the host's own parts write: as users like any other, so that audit and admission see who did what.
 */

import { allAuthenticated, type UserInfo } from '../../../apiserver/auth/user.ts';
import type { WriteContext } from '../../../apiserver/registry/strategy.ts';

const quiet = (): void => {};

const contextOf = (user: UserInfo, subresource: string): WriteContext => ({
  user,
  dryRun: false,
  subresource,
  warn: quiet,
});

/** The circumstances in which one of the parts writes. */
export interface Acting {
  /** Objects themselves. */
  readonly itself: WriteContext;
  readonly status: WriteContext;
  on(subresource: string): WriteContext;
}

const acting = (user: UserInfo): Acting => ({
  itself: contextOf(user, ''),
  status: contextOf(user, 'status'),
  on: (subresource) => contextOf(user, subresource),
});

/** A controller: `system:serviceaccount:kube-system:NAME`, as in kube-controller-manager. */
export const actingAsController = (name: string): Acting =>
  acting({
    name: `system:serviceaccount:kube-system:${name}`,
    groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', allAuthenticated],
  });

/** A part that is no controller, such as `system:kube-scheduler`. */
export const actingAs = (name: string, ...groups: string[]): Acting =>
  acting({ name, groups: [...groups, allAuthenticated] });
