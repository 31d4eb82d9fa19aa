import type { EntryStamp, Snapshot } from '@ormolu/kernel';

/** A stamp without transactions in progress: its objects, three transaction numbers, and its place among the parts that entries share. Measured in the memory test. */
const STAMP_BYTES = 300;
/** A transaction in progress: a bigint, and its place in the list. */
const IN_PROGRESS_BYTES = 34;

/** What a stamp takes in memory. */
export function stampBytes({ snapshot, epoch }: EntryStamp): number {
  return STAMP_BYTES + IN_PROGRESS_BYTES * snapshot.inProgress.length + 2 * epoch.length;
}

/**
 * One object for the stamps of transactions that saw the same.
 *
 * Every transaction makes a stamp of its own, and where nobody writes they are all equal: it is enough to know the last.
 */
export class LastStamp {
  #last: EntryStamp | undefined;

  /** The last stamp if this one says the same, otherwise this one. */
  of(stamp: EntryStamp): EntryStamp {
    const last = this.#last;
    if (last && last.epoch === stamp.epoch && isSame(last.snapshot, stamp.snapshot)) return last;
    this.#last = stamp;
    return stamp;
  }

  forget(): void {
    this.#last = undefined;
  }
}

function isSame(a: Snapshot, b: Snapshot): boolean {
  if (a === b) return true;
  const are = a.xmin === b.xmin && a.xmax === b.xmax && a.own === b.own && a.inProgress.length === b.inProgress.length;
  return are && a.inProgress.every((xid, place) => xid === b.inProgress[place]);
}
