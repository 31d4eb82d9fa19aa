import type { CacheRecords } from '@ormolu/cache';
import type { Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { originKey } from './origins';
import type { Transaction } from '../transaction';

/** Values in the order of their records, and where they are from. */
export interface Fetched {
  readonly values: readonly unknown[];
  /** Whether a rollback must take them out again. */
  readonly undoable: boolean;
  /** The ids of the answer they came with. */
  readonly from: readonly Id[];
}

/** Puts fetched values into the cache where nothing is, and remembers who gave them when the transaction is to explain itself. */
export function insertFetched(tx: Transaction, records: CacheRecords, field: Field, { values, undoable, from }: Fetched): void {
  const { origins } = tx;
  const missing = origins ? [...tx.cache.getMissingIds(records, field)] : [];
  tx.cache.insertMissing(records, field, values, { undoable });
  origins?.note(field, missing, { what: 'fetched', source: origins.sourceOf(from), key: originKey(records.env, field) }, undoable);
}
