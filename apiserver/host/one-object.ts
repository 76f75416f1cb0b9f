/**
 * One object at the host, by name, as it is at the moment: for configuration that we follow without a restart.
 */
import type { Log } from '../../openapi/machinery/log.ts';
import type { KubeObject } from '../../openapi/machinery/meta.ts';
import { Reflector } from './reflector.ts';
import type { HostClient, HostResource } from './rest.ts';

export interface OneObjectOptions<T extends KubeObject> {
  readonly client: HostClient;
  readonly resource: HostResource;
  /** Absent: cluster-scoped. */
  readonly namespace?: string;
  readonly name: string;
  /** Told of the object now, and whenever it changes; undefined when there is none. */
  readonly changed: (object: T | undefined) => void;
  readonly log: Log;
}

/** A reflector with a selector of one name, which is what a right to that one name suffices for. */
export const oneObject = <T extends KubeObject>({ name, changed, ...where }: OneObjectOptions<T>): Reflector<T> =>
  new Reflector<T>({
    ...where,
    fieldSelector: `metadata.name=${name}`,
    listener: {
      replace: ([object]) => changed(object),
      put: (object) => changed(object),
      remove: () => changed(undefined),
    },
  });
