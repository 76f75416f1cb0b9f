/**
 * What every store asks of a request before it looks at it. A request that fails here is a mistake in the program, not in the
 * store or the data, hence a TypeError and no StorageError.
 */
import type { TxnRequest } from './kv.ts';

/** @throws TypeError when a key is empty, or is changed twice by one transaction */
export function checkTxn({ when, perform, otherwise = [] }: TxnRequest): void {
  const changed = perform.map((operation) => ('put' in operation ? operation.put : operation.delete));
  if (changed.length > 1 && new Set(changed).size < changed.length)
    throw new TypeError(`a transaction changes a key twice: ${changed.join(', ')}`);
  if (changed.includes('') || otherwise.includes('') || when.some(({ key }) => key === ''))
    throw new TypeError('a key is empty');
}
