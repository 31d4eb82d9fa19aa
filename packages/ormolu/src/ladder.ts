import type { Rung, RungStats } from '@ormolu/kernel';
import { StorageRung } from '@ormolu/storage';
import { LocalRung, MeasuredRung, type LocalCache, type NamedQueries } from '@ormolu/tiers';

/**
 * Builds the rungs below the transaction, from the top: the local cache, then storage.
 *
 * Each rung holds the next, so that a read asks the first and what is missing goes down by itself.
 */
export function buildLadder(cache: LocalCache, named: NamedQueries): Rung {
  return new MeasuredRung(new LocalRung(new MeasuredRung(new StorageRung()), cache, { named: (name) => named.get(name) }));
}

/** What transactions read from their own memory, summed over all that have ended. */
export class TransactionFigures {
  #transactions = 0;
  #questions = 0;
  #records = 0;
  #hits = 0;

  /** @param reads - property reads of one transaction, those aside of what records keep themselves @param misses - of them, those that had to ask below */
  add({ reads, misses }: { reads: number; misses: number }): void {
    this.#transactions += 1;
    this.#questions += reads;
    this.#records += reads;
    this.#hits += reads - misses;
  }

  get transactions(): number {
    return this.#transactions;
  }

  stats(): RungStats {
    return { rung: 'transaction', questions: this.#questions, records: this.#records, hits: this.#hits };
  }
}
