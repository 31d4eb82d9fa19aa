import type { FarSide, Rung, RungStats } from '@ormolu/kernel';
import { StorageRung } from '@ormolu/storage';
import type { Transaction } from '@ormolu/transaction';
import { LocalRung, MeasuredRung, type KeyWarnings, type LocalCache, type NamedQueries, type SharedRung } from '@ormolu/tiers';

/** What the ladder is built of. */
export interface LadderParts {
  /** Where the storage is, when that is elsewhere. */
  readonly far?: FarSide | undefined;
  readonly local: LocalCache;
  readonly named: NamedQueries;
  readonly warnings: KeyWarnings;
  /** The rung between the local cache and storage, over what is below it; absent: there is none. */
  readonly shared?: ((below: Rung) => SharedRung) | undefined;
}

/**
 * Builds the rungs below the transaction, from the top: the local cache, the shared caches if there are any, then storage.
 *
 * Each rung holds the next, so that a read asks the first and what is missing goes down by itself.
 */
export function buildLadder({ far, local, named, warnings, shared }: LadderParts): Rung {
  const storage = new MeasuredRung(new StorageRung(far?.step));
  return new MeasuredRung(new LocalRung(shared ? new MeasuredRung(shared(storage)) : storage, local, { named: (name) => named.get(name), warnings }));
}

/** The first rung's figures: property reads, those aside of what records keep themselves, and of them, those that asked nobody below. */
export interface TransactionRungStats extends RungStats {
  readonly models: Readonly<Record<string, { readonly records: number; readonly hits: number }>>;
}

/** What transactions read from their own memory, summed over all that have ended. */
export class TransactionFigures {
  #transactions = 0;
  readonly #models = new Map<string, { records: number; hits: number }>();

  /** Adds what one transaction has read, by model. */
  add(models: Transaction['readCounts']['models']): void {
    this.#transactions += 1;
    for (const [model, { reads, misses }] of models) {
      const known = this.#models.get(model) ?? { records: 0, hits: 0 };
      this.#models.set(model, { records: known.records + reads, hits: known.hits + reads - misses });
    }
  }

  get transactions(): number {
    return this.#transactions;
  }

  stats(): TransactionRungStats {
    const all = [...this.#models.values()];
    const records = all.reduce((sum, one) => sum + one.records, 0);
    return { rung: 'transaction', questions: records, records, hits: all.reduce((sum, one) => sum + one.hits, 0), models: Object.fromEntries(Array.from(this.#models, ([model, one]) => [model, { ...one }])) };
  }
}
