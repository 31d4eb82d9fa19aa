import type { MissReason } from '@ormolu/kernel';

/**
 * Why the shared rung did not answer. `not kept`: there is no entry, or its server is away; `other fields`: the entry has others of the record's; `another
 * schema`: it was written by another version of the models; `unreadable`: it was cut off, changed, sealed by a key that is gone, or is something else; `asked along`: it
 * holds, but a statement at READ COMMITTED must see one moment, and others had to be asked for; `too many`: more records were asked for than are
 * asked of a cache server; `sensitive`: fields that leave this process only sealed, and the cache has no keys; `expired`, `refreshed`, `another question`: as of the local cache.
 */
export type SharedMiss = MissReason | 'not kept' | 'other fields' | 'another schema' | 'unreadable' | 'asked along' | 'too many' | 'sensitive' | 'expired' | 'refreshed' | 'another question';

/** How many were asked for, and how many of them were answered. */
export interface SharedAnswered {
  readonly asked: number;
  readonly hits: number;
  /** By reason; those that never happened are left out. */
  readonly misses: Readonly<Partial<Record<SharedMiss, number>>>;
}

/** What the shared rung was asked of one model. */
export interface SharedModelCounts {
  /** Records by id. */
  readonly records: SharedAnswered;
  /** Searches, counts and groups. */
  readonly queries: SharedAnswered;
  /** Entries sent to a cache, as far as they were news there. */
  readonly fills: number;
}

class Counted implements SharedAnswered {
  asked = 0;
  hits = 0;
  readonly misses: Partial<Record<SharedMiss, number>> = {};

  miss(reason: SharedMiss, count = 1): void {
    if (count > 0) this.misses[reason] = (this.misses[reason] ?? 0) + count;
  }
}

/** Counts of one model in the making. */
export class ModelTally {
  readonly records: Counted = new Counted();
  readonly queries: Counted = new Counted();
  fills = 0;
}

/** Counts what the shared rung answers, by model. */
export class SharedCounts {
  readonly #models = new Map<string, ModelTally>();
  questions = 0;

  of(model: string): ModelTally {
    let tally = this.#models.get(model);
    if (!tally) this.#models.set(model, (tally = new ModelTally()));
    return tally;
  }

  /** Records asked for by id and answered. */
  total(): { readonly records: number; readonly hits: number } {
    const all = [...this.#models.values()];
    return { records: all.reduce((sum, { records }) => sum + records.asked, 0), hits: all.reduce((sum, { records }) => sum + records.hits, 0) };
  }

  models(): Readonly<Record<string, SharedModelCounts>> {
    const copy = ({ asked, hits, misses }: SharedAnswered): SharedAnswered => ({ asked, hits, misses: { ...misses } });
    return Object.fromEntries(Array.from(this.#models, ([model, { records, queries, fills }]) => [model, { records: copy(records), queries: copy(queries), fills }]));
  }
}
