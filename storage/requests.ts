/** What every store asks of a request before it looks at it. */
import { compacted } from './errors.ts';
import type { TxnRequest } from './kv.ts';

/**
 * Before the first revision nothing was; a client that holds such a one holds something very old.
 *
 * @throws StorageError Compacted
 */
export function checkRevision(revision: number): void {
  if (revision < 1) throw compacted(revision);
}

/** @throws TypeError, since that is a mistake in the program: when a key is empty, or is changed twice by one transaction */
export function checkTxn({ when, perform, otherwise = [] }: TxnRequest): void {
  const changed = perform.map((operation) => ('put' in operation ? operation.put : operation.delete));
  if (changed.length > 1 && new Set(changed).size < changed.length)
    throw new TypeError(`a transaction changes a key twice: ${changed.join(', ')}`);
  if (changed.includes('') || otherwise.includes('') || when.some(({ key }) => key === ''))
    throw new TypeError('a key is empty');
}
