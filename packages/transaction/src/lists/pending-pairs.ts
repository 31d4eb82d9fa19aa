import { isStoredId, type Id, type StoredId } from '@ormolu/kernel';
import type { Pair } from './relation-tables';
import type { UndoLog } from '../undo/undo-log';

/** What is to happen to a row of a relation table. */
export type PairChange = 'added' | 'removed';

/**
 * The queue of rows to add to relation tables and to remove from them.
 *
 * A change and its opposite leave nothing behind: who changes a list knows what it holds, so that a row is never added twice. Unless the first is on its way to the
 * database: then its opposite has to be sent as well.
 */
export class PendingPairs {
  readonly #changes = new Map<string, Map<Id, Map<Id, PairChange>>>();
  readonly #undo: UndoLog;
  /** The changes on their way to the database. */
  readonly #sent = new Map<string, PairChange>();
  /** When whoever sends changes is done. */
  #isSent: Promise<void> | undefined;

  constructor(undo: UndoLog) {
    this.#undo = undo;
  }

  /** The tables with changes. */
  tables(): readonly string[] {
    return [...this.#changes.keys()];
  }

  /** The changes of a table, in the order of their first ids. */
  *of(table: string): Generator<readonly [Pair, PairChange]> {
    for (const [first, seconds] of this.#changes.get(table) ?? []) for (const [second, change] of seconds) yield [[first, second], change];
  }

  /** The table's rows have changed so, beside what was pending. */
  note(table: string, pairs: Iterable<Pair>, change: PairChange): void {
    for (const [first, second] of pairs) {
      const before = this.#changes.get(table)?.get(first)?.get(second);
      const isNews = before === undefined || before === change || this.#sent.has(keyOf(table, [first, second]));
      this.#put(table, [first, second], isNews ? change : undefined);
      this.#undo.push(() => {
        this.#put(table, [first, second], before);
      });
    }
  }

  /** Lets one after the other send what is pending: what two send of the same pairs at once comes to the database in any order, and neither knows what the other has left. */
  async oneByOne(send: () => Promise<void>): Promise<void> {
    while (this.#isSent) await this.#isSent;
    const sending = send();
    this.#isSent = sending.then(() => { this.#isSent = undefined; }, () => { this.#isSent = undefined; });
    await sending;
  }

  /** Sends changes, and forgets them when they are done. One that is changed back meanwhile stays to be sent. */
  async sending(table: string, pairs: readonly Pair[], change: PairChange, send: () => Promise<void>): Promise<void> {
    for (const pair of pairs) this.#sent.set(keyOf(table, pair), change);
    try {
      await send();
      this.drop(table, pairs, change);
    } finally {
      for (const pair of pairs) this.#sent.delete(keyOf(table, pair));
    }
  }

  /** Forgets changes whose records are gone, or of those of one kind such as are done. */
  drop(table: string, pairs: readonly Pair[], change?: PairChange): void {
    for (const [first, second] of pairs) {
      const before = this.#changes.get(table)?.get(first)?.get(second);
      if (before === undefined || (change !== undefined && before !== change)) continue;
      this.#put(table, [first, second], undefined);
      this.#undo.push(() => {
        this.#put(table, [first, second], before);
      });
    }
  }

  clear(): void {
    for (const table of this.tables()) this.drop(table, [...this.of(table)].map(([pair]) => pair));
  }

  #put(table: string, [first, second]: Pair, change: PairChange | undefined): void {
    let firsts = this.#changes.get(table);
    if (!firsts) this.#changes.set(table, (firsts = new Map<Id, Map<Id, PairChange>>()));
    let seconds = firsts.get(first);
    if (!seconds) firsts.set(first, (seconds = new Map<Id, PairChange>()));
    if (change === undefined) seconds.delete(second);
    else seconds.set(second, change);
    if (seconds.size === 0) firsts.delete(first);
    if (firsts.size === 0) this.#changes.delete(table);
  }
}

function keyOf(table: string, [first, second]: Pair): string {
  return `${table} ${String(first)} ${String(second)}`;
}

/**
 * The ids of the rows behind pairs, as far as they passed by: a row is deleted by its id.
 *
 * What it says may be out of date, when a savepoint was rolled back or others wrote; who uses it looks at the answer.
 */
export class PairRows {
  readonly #rows = new Map<string, Map<Id, Map<Id, readonly StoredId[]>>>();

  /** Remembers that this row holds the pair. */
  know(table: string, [first, second]: Pair, row: StoredId): void {
    let firsts = this.#rows.get(table);
    if (!firsts) this.#rows.set(table, (firsts = new Map<Id, Map<Id, readonly StoredId[]>>()));
    let seconds = firsts.get(first);
    if (!seconds) firsts.set(first, (seconds = new Map<Id, readonly StoredId[]>()));
    const known = seconds.get(second) ?? [];
    // A table that no migration of ours has made may hold a pair twice.
    if (!known.includes(row)) seconds.set(second, [...known, row]);
  }

  /** The pairs of a table whose rows are known, with these. */
  *all(table: string): Generator<readonly [Pair, readonly StoredId[]]> {
    for (const [first, seconds] of this.#rows.get(table) ?? []) for (const [second, rows] of seconds) yield [[first, second], rows];
  }

  /** The rows of a pair, none when they are not known. */
  of(table: string, [first, second]: Pair): readonly StoredId[] {
    return this.#rows.get(table)?.get(first)?.get(second) ?? [];
  }

  clear(): void {
    this.#rows.clear();
  }
}

/** Whether both records of a pair are in the database, so that the pair can be. */
export function isStoredPair(pair: Pair): pair is readonly [StoredId, StoredId] {
  return isStoredId(pair[0]) && isStoredId(pair[1]);
}
