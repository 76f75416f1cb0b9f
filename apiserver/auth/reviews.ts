/**
 * Delegated authentication and authorization: TokenReview and SubjectAccessReview at the host (K-419 to K-429).
 *
 * A review that cannot be had is neither a yes nor a no; the request then fails.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../openapi/machinery/clock.ts';
import { parseFieldSelector } from '../../openapi/machinery/field-selector.ts';
import { parseLabelSelector } from '../../openapi/machinery/label-selector.ts';
import { isRecord } from '../../openapi/machinery/meta.ts';
import { underSignals, withinMs } from '../../openapi/machinery/signal.ts';
import { StatusError } from '../../openapi/machinery/status.ts';
import { type Authenticator, bearerToken } from './authenticator.ts';
import { type AuthorizationAttributes, type Authorizer, allow, type Decision } from './authorizer.ts';
import { ExpiringCache } from './expiring-cache.ts';
import type { UserInfo } from './user.ts';

/** How reviews reach the host; it is the host client's `post`. */
export interface ReviewPort {
  post(path: string, body: unknown, signal: AbortSignal): Promise<unknown>;
}

/** Kubernetes remembers both outcomes for ten seconds (K-420, K-427). */
const rememberMs = 10_000;
const mostAnswers = 8192;
/** One attempt, and the pauses between attempts: 0.5 s, growing by half (K-421). */
const [attemptMs, attempts, firstPauseMs, pauseGrowth] = [10_000, 5, 500, 1.5];
/** Decisions about longer requests are not remembered (K-427). */
const longestKey = 10_000;

/** Retries what may pass: too many requests, faults of the server, broken connections. */
async function review(
  port: ReviewPort,
  path: string,
  body: unknown,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  let pauseMs = firstPauseMs;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await withinMs(attemptMs, (attempt) =>
        underSignals([signal, attempt], (either) => port.post(path, body, either)),
      );
      if (!isRecord(answer) || !isRecord(answer.status)) throw new Error('the review came back without a status');
      return answer.status;
    } catch (error) {
      const final = error instanceof StatusError && error.code !== 429 && error.code < 500;
      if (final || attempt === attempts || signal.aborted) throw error;
      await sleep(pauseMs, undefined, { signal });
      pauseMs *= pauseGrowth;
    }
  }
}

/** Bearer tokens, judged by the host. */
export function tokenReview(port: ReviewPort, clock: Clock): Authenticator {
  // Tokens are never kept, not even in memory: only their keyed hashes are.
  const secret = randomBytes(32);
  const cache = new ExpiringCache<UserInfo | undefined>(clock, mostAnswers);
  return {
    name: 'token',
    async authenticate({ headers }, signal) {
      const token = bearerToken(headers.authorization);
      if (token === undefined) return undefined;
      const key = createHmac('sha256', secret).update(token).digest('base64');
      const user = await cache.get(
        key,
        () => ask(port, token, signal),
        () => rememberMs,
      );
      if (!user) throw new Error('the token is not valid');
      return user;
    },
  };
}

async function ask(port: ReviewPort, token: string, signal: AbortSignal): Promise<UserInfo | undefined> {
  const body = { kind: 'TokenReview', apiVersion: 'authentication.k8s.io/v1', spec: { token } };
  const { authenticated, user, error } = await review(
    port,
    '/apis/authentication.k8s.io/v1/tokenreviews',
    body,
    signal,
  );
  if (authenticated !== true) return undefined;
  if (!isRecord(user) || typeof user.username !== 'string' || user.username === '')
    throw new Error(`the review names no user: ${String(error ?? '')}`);
  const { username: name, uid, groups, extra } = user;
  return {
    name,
    ...(typeof uid === 'string' && uid !== '' && { uid }),
    groups: Array.isArray(groups) ? groups.map(String) : [],
    ...(isRecord(extra) && { extra: extra as Record<string, string[]> }),
  };
}

/** May they? Judged by the host's authorizers. */
export function accessReview(port: ReviewPort, clock: Clock): Authorizer {
  const cache = new ExpiringCache<Decision>(clock, mostAnswers);
  return {
    authorize(attributes, signal) {
      const spec = accessSpec(attributes);
      const key = JSON.stringify(spec);
      const decide = () => judge(port, spec, signal);
      return key.length > longestKey ? decide() : cache.get(key, decide, () => rememberMs);
    },
  };
}

/** The spec of a SubjectAccessReview (K-424). */
export function accessSpec({ user, ...attributes }: AuthorizationAttributes): Record<string, unknown> {
  const { verb, group, version, resource, subresource, namespace, name, path, isResource } = attributes;
  const what = isResource
    ? {
        resourceAttributes: {
          ...(namespace && { namespace }),
          verb,
          ...(group && { group }),
          version,
          resource,
          ...(subresource && { subresource }),
          ...(name && { name }),
          ...selectorsOf(attributes),
        },
      }
    : { nonResourceAttributes: { path, verb } };
  const { name: userName, uid, groups, extra } = user;
  return { user: userName, ...(uid && { uid }), groups, ...(extra && { extra }), ...what };
}

/** Parsed selectors let the host restrict what somebody may list (K-425); unparsable ones are left out. */
function selectorsOf({ labelSelector, fieldSelector }: Partial<AuthorizationAttributes>): object {
  try {
    const fields = parseFieldSelector(fieldSelector ?? '').map(({ field, negated, value }) => ({
      key: field,
      operator: negated ? 'NotIn' : 'In',
      values: [value],
    }));
    const labels = parseLabelSelector(labelSelector ?? '').filter(
      ({ operator }) => operator !== 'Gt' && operator !== 'Lt',
    );
    return {
      ...(fields.length && { fieldSelector: { requirements: fields } }),
      ...(labels.length && {
        labelSelector: {
          requirements: labels.map(({ key, operator, values }) => ({
            key,
            operator,
            ...(values.length && { values }),
          })),
        },
      }),
    };
  } catch {
    return {};
  }
}

async function judge(port: ReviewPort, spec: object, signal: AbortSignal): Promise<Decision> {
  const body = { kind: 'SubjectAccessReview', apiVersion: 'authorization.k8s.io/v1', spec };
  const { allowed, denied, reason } = await review(
    port,
    '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    body,
    signal,
  );
  if (allowed === true) return allow;
  const because = typeof reason === 'string' && reason !== '' ? { reason } : {};
  return { verdict: denied === true ? 'deny' : 'none', ...because };
}
