/**
 * Which StorageClass claims get that name none: the newest of those that are marked as the default.
 */
import type { Change, Listener } from '../../apiserver/cache/informer.ts';
import { isDefaultClass, type StorageClass } from './kinds/storageclasses.ts';

export class DefaultClass implements Listener<StorageClass> {
  /** Names of the marked classes, and when they were created. */
  readonly #marked = new Map<string, string>();

  get name(): string | undefined {
    const [newest] = [...this.#marked].sort(([a, then], [b, now]) =>
      then === now ? (a < b ? -1 : 1) : then > now ? -1 : 1,
    );
    return newest?.[0];
  }

  changed(change: Change<StorageClass>): void {
    this.#marked.delete(change.key);
    if (change.gone || !isDefaultClass(change.object)) return;
    this.#marked.set(change.key, change.object.metadata.creationTimestamp ?? '');
  }

  reset(): void {
    this.#marked.clear();
  }
}
