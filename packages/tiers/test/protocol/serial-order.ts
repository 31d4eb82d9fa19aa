import { sees, type Snapshot } from '@ormolu/kernel';

/** A serializable transaction that has committed, or asks to. */
export interface SerialTransaction {
  readonly snapshot: Snapshot;
  /** Undefined: it has written nothing. */
  readonly xid: bigint | undefined;
  readonly wrote: readonly number[];
  /** All it was answered, by the database or by caches. */
  readonly read: readonly number[];
  /** Of this, what the database knows of: it was asked, if only before the commit. */
  readonly asked: readonly number[];
}

/**
 * Whether some order of transactions, one after the other, explains what each has read and written.
 *
 * @param reads - `asked`: as far as a database can tell, which refuses the commit after which there is none; `read`: in truth
 */
export function isSerial(transactions: readonly SerialTransaction[], reads: 'asked' | 'read'): boolean {
  // Who must come first is taken away, until nobody is left, or only such as must each come after another.
  let left = transactions;
  for (;;) {
    const first = left.filter((one) => !left.some((other) => other !== one && precedes(other, one, reads)));
    if (first.length === 0) return left.length === 0;
    left = left.filter((one) => !first.includes(one));
  }
}

/** Whether one must come before another: its writes were read or overwritten, or it has read what the other wrote over. */
function precedes(one: SerialTransaction, other: SerialTransaction, reads: 'asked' | 'read'): boolean {
  const isSeen = one.xid !== undefined && sees(other.snapshot, one.xid);
  if (isSeen) return one.wrote.some((key) => other.wrote.includes(key) || other[reads].includes(key));
  return other.xid !== undefined && !sees(one.snapshot, other.xid) && other.wrote.some((key) => one[reads].includes(key));
}
