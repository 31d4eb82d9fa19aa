import type { CacheLife } from '@ormolu/cache';
import type { Model } from '@ormolu/registry';
import type { Environment } from '../environment/environment';
import type { RecordSet } from '../records/recordset';

/** The records of larger batches are made anew: they would be held as long as the transaction. */
const KEPT_BATCH = 1_024;
/** Records on slots behind are made anew, too: the others take four megabytes at most. */
const KEPT_SLOTS = 2 ** 14;

interface Kept {
  readonly life: CacheLife;
  readonly bySlot: (RecordSet | undefined)[];
}

/**
 * The records that computes in memory are given. Where a few values are computed again and again, a record is the same object from one
 * compute to the next, for as long as its slot holds.
 */
export class ComputeRecords {
  readonly #kept = new Map<Model, Kept>();

  /** @param env - always the same one @returns a record for each slot, in order */
  of(env: Environment, model: Model, slots: readonly number[]): Iterable<RecordSet> {
    const { cache } = env.transaction;
    const { life } = cache;
    const index = cache.slots(model.name);
    if (slots.length > KEPT_BATCH) return env.recordsOf(model, slots.map((slot) => index.idOf(slot)));
    let kept = this.#kept.get(model);
    if (kept?.life !== life) this.#kept.set(model, (kept = { life, bySlot: [] }));
    const { bySlot } = kept;
    const records: RecordSet[] = [];
    for (const slot of slots) {
      let record = bySlot[slot];
      if (!record) {
        record = env.recordsOf(model, [index.idOf(slot)]);
        while (bySlot.length < slot && slot < KEPT_SLOTS) bySlot.push(undefined);
        if (slot < KEPT_SLOTS) bySlot[slot] = record;
      }
      records.push(record);
    }
    return records;
  }
}
