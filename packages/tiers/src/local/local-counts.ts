import type { MissReason } from '@ormolu/kernel';

/**
 * Why the local cache did not answer. `not kept`: it has never met it, or had to let go of it; `other fields`: it holds others of the record's;
 * `asked along`: it holds for the reader, but a statement at READ COMMITTED must see one moment, and others had to be asked for; `expired`: a
 * query's ttl has passed; `refreshed`: a query asked for an answer of the database; `another question`: the key given to a query has the answer
 * to another one.
 */
export type LocalMiss = MissReason | 'not kept' | 'other fields' | 'asked along' | 'expired' | 'refreshed' | 'another question';

/** What the local cache was asked of one model. */
export interface ModelCounts {
  /** Records by id. */
  readonly records: Answered;
  /** Searches, counts and groups. */
  readonly queries: Answered;
}

/** How many were asked for, and how many of them were answered here. */
export interface Answered {
  readonly asked: number;
  readonly hits: number;
  /** By reason; those that never happened are left out. */
  readonly misses: Readonly<Partial<Record<LocalMiss, number>>>;
}

class Counted implements Answered {
  asked = 0;
  hits = 0;
  readonly misses: Partial<Record<LocalMiss, number>> = {};

  miss(reason: LocalMiss, count: number): void {
    if (count > 0) this.misses[reason] = (this.misses[reason] ?? 0) + count;
  }
}

/** Counts what the local cache answers, by model. */
export class LocalCounts {
  readonly #models = new Map<string, { readonly records: Counted; readonly queries: Counted }>();
  questions = 0;

  of(model: string): { readonly records: Counted; readonly queries: Counted } {
    let counts = this.#models.get(model);
    if (!counts) this.#models.set(model, (counts = { records: new Counted(), queries: new Counted() }));
    return counts;
  }

  /** Records asked for by id and answered. */
  total(): { readonly records: number; readonly hits: number } {
    let records = 0;
    let hits = 0;
    for (const { records: counted } of this.#models.values()) {
      records += counted.asked;
      hits += counted.hits;
    }
    return { records, hits };
  }

  models(): Readonly<Record<string, ModelCounts>> {
    const copy = ({ asked, hits, misses }: Answered): Answered => ({ asked, hits, misses: { ...misses } });
    return Object.fromEntries(Array.from(this.#models, ([model, { records, queries }]) => [model, { records: copy(records), queries: copy(queries) }]));
  }
}
