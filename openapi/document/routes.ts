/**
 * Routes and their operations, as both documents describe them: path, action, kind, parameters, bodies; and the names that Kubernetes
 * gives them, since generated clients are named after them.
 */
import { apiVersionOf } from '../machinery/meta.ts';
import type { Entity, GroupVersionKind } from './definitions.ts';
import type { Action, Parameter } from './parameters.ts';

export interface Operation {
  readonly method: 'delete' | 'get' | 'patch' | 'post' | 'put';
  /** Absent where no objects are involved: discovery. */
  readonly action?: Action;
  readonly id: string;
  readonly tag: string;
  readonly description: string;
  readonly type?: GroupVersionKind;
  readonly parameters: readonly Parameter[];
  readonly body?: { readonly entity: Entity; readonly mediaTypes: readonly string[]; readonly required: boolean };
  /** Status code → what it means. All of them answer with `answer`. */
  readonly codes: Readonly<Record<string, string>>;
  readonly answer: Entity;
  /** What a watch streams instead. */
  readonly stream?: Entity;
}

export interface Route {
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly operations: readonly Operation[];
}

export const objectTypes: readonly string[] = ['application/json', 'application/yaml'];

/** `/apis/G/V`, or `/api/V` for the core group. */
export const rootOf = (group: string, version: string): string =>
  `${group ? '/apis' : '/api'}/${apiVersionOf({ group, version })}`;

/** `v1beta1` → `V1beta1` */
export const capitalised = (word: string): string => word.slice(0, 1).toUpperCase() + word.slice(1);

/** A group as part of a name: `KubedirectorBluedataIo`; Kubernetes' own groups without their domain, its first group `Core`. */
export const wordOf = (group: string): string =>
  (group === '' ? 'core' : group.replace(/\.k8s\.io$/, '')).split('.').map(capitalised).join('');

/** `kubedirectorBluedataIo_v1beta1` */
export const tagOf = (group: string, version?: string): string => {
  const word = wordOf(group);
  return `${word.slice(0, 1).toLowerCase()}${word.slice(1)}${version ? `_${version}` : ''}`;
};

/** All entities that some routes speak of. */
export const entitiesOf = (routes: readonly Route[]): Entity[] =>
  routes.flatMap(({ operations }) =>
    operations.flatMap(({ answer, stream, body }) => [
      answer,
      ...(stream ? [stream] : []),
      ...(body ? [body.entity] : []),
    ]),
  );
