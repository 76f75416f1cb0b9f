/**
 * Authentication: several ways to find out who is calling, tried in order; the first that knows decides (K-407 to K-411).
 */
import type { Log } from '../../openapi/machinery/log.ts';
import { StatusError } from '../../openapi/machinery/status.ts';
import type { Request } from '../http/exchange.ts';
import { anonymous, authenticated, type UserInfo } from './user.ts';

export interface Authenticator {
  readonly name: string;
  /**
   * @returns the user, or undefined when the request carries no credentials of this sort
   * @throws Error when it carries bad ones
   */
  authenticate(request: Request, signal: AbortSignal): Promise<UserInfo | undefined> | UserInfo | undefined;
}

/** Who calls: always somebody, be it `system:anonymous`. */
export type Authentication = (request: Request, signal: AbortSignal) => Promise<UserInfo>;

/** The token that a request shows. Other schemes and empty tokens are no credentials (K-422). */
export function bearerToken(header: string | undefined): string | undefined {
  const match = /^bearer +(\S+)\s*$/i.exec(header ?? '');
  return match?.[1];
}

/**
 * A later authenticator may succeed where an earlier one objected; when none does and any objected, the answer is 401, so a wrong
 * credential never becomes anonymous, nor does a token where nobody knows any (K-408).
 */
export const authenticateBy =
  (authenticators: readonly Authenticator[], log: Log): Authentication =>
  async (request, signal) => {
    let objections = 0;
    for (const { name, authenticate } of authenticators) {
      try {
        const user = await authenticate(request, signal);
        if (user) return authenticated(user);
      } catch (error) {
        objections += 1;
        log.error('authentication failed', error, { authenticator: name });
      }
    }
    if (objections || bearerToken(request.headers.authorization) !== undefined) throw StatusError.unauthorized();
    return anonymous;
  };
