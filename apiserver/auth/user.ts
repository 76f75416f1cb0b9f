/**
 * Who is calling, as authentication found out: opaque names, never parsed (K-416).
 */

export interface UserInfo {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export const allAuthenticated = 'system:authenticated';
export const allUnauthenticated = 'system:unauthenticated';
export const superusers = 'system:masters';

export const anonymous: UserInfo = { name: 'system:anonymous', groups: [allUnauthenticated] };

/** Everybody who is somebody belongs to `system:authenticated` (K-409). */
export const authenticated = (user: UserInfo): UserInfo =>
  user.groups.includes(allAuthenticated) || user.groups.includes(allUnauthenticated)
    ? user
    : { ...user, groups: [...user.groups, allAuthenticated] };
