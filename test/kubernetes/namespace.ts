/** A namespace for one suite, gone after it. */
import { randomBytes } from 'node:crypto';
import type { Cluster } from './the-cluster.ts';

export interface Namespace {
  readonly name: string;
  /** kubectl, in this namespace. */
  kubectl(...args: readonly string[]): Promise<string>;
  /** Objects that name no namespace come into this one. */
  apply(...objects: readonly { readonly metadata: object }[]): Promise<string>;
}

/** Makes it before the suite's tests, and removes it after them without waiting for the end of what is in it. */
export function inNamespace(cluster: Cluster): Namespace {
  const name = `test-${randomBytes(4).toString('hex')}`;
  before(() => cluster.kubectl('create', 'namespace', name));
  after(() => cluster.kubectl('delete', 'namespace', name, '--wait=false'));
  return {
    name,
    kubectl: (...args) => cluster.kubectl(`--namespace=${name}`, ...args),
    apply: (...objects) =>
      cluster.apply(objects.map((object) => ({ ...object, metadata: { namespace: name, ...object.metadata } }))),
  };
}
