/**
 * A probe: a request about the small kind, and what a kube-apiserver answered to it.
 */
import { expect } from 'chai';
import { fixtureKind, fixturesPath } from '../../../make/fixture-kind.ts';
import type { Ask, TestClient } from '../../serving.ts';

export const D = fixturesPath;
export const json = 'application/json';
export const yaml = 'application/yaml';
export const protobuf = 'application/vnd.kubernetes.protobuf';
export const M = 'application/merge-patch+json';
export const JP = 'application/json-patch+json';
export const A = 'application/apply-patch+yaml';
export const resource = 'kubedirectorclusters.kubedirector.bluedata.io';
export const kindAndGroup = `${fixtureKind}.kubedirector.bluedata.io`;
export const typed = (name: string): string =>
  `failed to create typed patch object (/${name}; kubedirector.bluedata.io/v1beta1, Kind=${fixtureKind}): `;

export const create = (body: unknown, type = json): Ask => ({ method: 'POST', body, type });
export const put = (body: unknown): Ask => ({ method: 'PUT', body });
export const patch = (type: string, body: unknown): Ask => ({ method: 'PATCH', type, body });
export const remove = (body?: unknown): Ask => ({ method: 'DELETE', ...(body !== undefined && { body }) });
export const accepting = (accept: string): Ask => ({ accept });

export type Code = number;
/** What else is to be seen: words of the message, or a look at the answer. */
export type Expected = string | RegExp | ((answer: Awaited<ReturnType<TestClient['ask']>>) => void);
export type Step = readonly [probe: string, title: string, path: string, ask: Ask, Code, reason: string, Expected?];

export const holds =
  (pairs: Record<string, unknown>): Expected =>
  ({ body }) => {
    for (const [path, value] of Object.entries(pairs))
      expect(body).to.have.nested.property(path).that.deep.equals(value);
  };
export const causes =
  (...expected: readonly (readonly [reason: string, field: string, message: string])[]): Expected =>
  ({ body }) =>
    expect(
      body.details.causes.map((cause: Record<string, string>) => `${cause.reason} ${cause.field}: ${cause.message}`),
    ).to.have.members(expected.map(([reason, field, message]) => `FieldValue${reason} ${field}: ${message}`));
