import { MISS } from '@ormolu/cache';
import { channels, type ComputeEvent, type Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { toCache } from '../records/convert';
import { refuseUnfinished } from '../running/unfinished';
import type { Transaction } from '../transaction';
import { assertAllowed } from '../transaction-state';
import { planOf, type ComputePlan } from './compute-plan';
import { CERTAIN, type Marks } from './marks';
import { keepsHandWritten } from '../triggers/keeps-hand-written';
import { isAskedFor } from '../triggers/unseen';
import { groupBy } from '../group-by';
import { hasChanged, type Changes } from './to-compute';

/**
 * Computes what is marked of a stored field for some records, and before it what it waits for, as if everything were in memory and nothing
 * could go wrong: in one go, by slot, with one checkpoint.
 *
 * @returns whether all went well; otherwise all is as it was, and the plain way finds out what is missing, or who failed
 * @remarks Not where anything stands between memory and the truth: pending triggers and relations, drafts, computes that are running. A compute that does
 * more than to give its value, because it assigns something or reads what waits to be computed and is not declared, is taken back as well.
 */
export function computeInMemory(tx: Transaction, field: Field, ids: readonly Id[]): boolean {
  if (tx.triggers.size > 0 || tx.unseen.size > 0 || tx.toCompute.hasRelations || !tx.drafts.isEmpty || tx.origins || tx.computes.isBusy) return false;
  const plan = planOf(tx.registry, field);
  if (!plan) return false;
  const marks = tx.toCompute.marksOf(field);
  if (!marks) return true;
  if (marks.slots !== tx.cache.slots(field.model)) return false;
  assertAllowed(tx.state, 'read');
  const { execution } = tx;
  const [needs, asks] = [execution?.needs.length ?? 0, execution?.asks.length ?? 0];
  const checkpoint = tx.undo.checkpoint();
  const misses = tx.readCounts.misses();
  const pass = new Pass(tx);
  try {
    tx.readingAside(() => { tx.computes.inMemory(() => { pass.compute(plan, ids.map((id) => marks.slots.slotOf(id))); }); });
    if (pass.isPure) {
      tx.undo.keep(checkpoint);
      pass.tell();
      return true;
    }
  } catch {
    // Whatever it was, the plain way meets it again.
  }
  tx.undo.undo(checkpoint);
  tx.readCounts.takeBack(misses);
  if (execution) {
    execution.needs.length = needs;
    execution.asks.length = asks;
  }
  return false;
}

/** Thrown and caught here: a compute did not just give a value. */
class NotPlain extends Error {}

/** One go through a plan. */
class Pass {
  readonly #tx: Transaction;
  #sequence: number;
  readonly #computed: ComputeEvent[] = [];
  // What is being looked for, from one record to the next.
  #since = 0;
  #changes: Changes | undefined;
  #marks: Marks | undefined;
  #mustKnow = false;

  constructor(tx: Transaction) {
    this.#tx = tx;
    this.#sequence = tx.triggers.sequence;
  }

  /** Whether computes have given their values and done nothing else: nobody else has taken a moment for what he did. */
  get isPure(): boolean {
    return this.#tx.triggers.sequence === this.#sequence && this.#tx.drafts.isEmpty;
  }

  /** @param slots - those without a mark are left alone; computing one twice gives the same twice */
  compute(plan: ComputePlan, slots: readonly number[]): void {
    const { field } = plan;
    const tx = this.#tx;
    const marks = tx.toCompute.marksOf(field);
    if (!marks) return;
    const due: number[] = [];
    for (const slot of slots) if (marks.has(slot)) due.push(slot);
    if (due.length === 0) return;
    for (const { relations, plan: cause } of plan.causes) {
      if (tx.toCompute.isMarked(cause.field)) this.compute(cause, this.#follow(relations, due));
    }
    const changed = this.#mayHaveChanged(plan, due, marks);
    if (changed.length > 0) this.#run(plan, changed);
    tx.toCompute.takeOff(field, due);
  }

  /** Tells those who listen what was computed. */
  tell(): void {
    for (const event of this.#computed) channels.compute.publish(event);
  }

  #run({ field, compute }: ComputePlan, slots: readonly number[]): void {
    const tx = this.#tx;
    const column = tx.rootEnv.column(field);
    const ids = tx.cache.slots(field.model);
    const different: number[] = [];
    const asks = isAskedFor(tx, field);
    const frame = tx.computes.enter(field);
    try {
      let place = 0;
      for (const record of tx.computes.records.of(tx.rootEnv, tx.registry.model(field.model), slots)) {
        const slot = slots[place] ?? 0; // there is a record for each
        place += 1;
        frame.id = ids.idOf(slot);
        // What the compute expects of its records was checked against the definitions these records are made from.
        const given = compute.run(record as never);
        const before = column.at(slot);
        if (given === undefined || (given === null && field.isRequired)) throw new NotPlain();
        if (typeof given === 'object') refuseUnfinished(given, 'A compute');
        // What is the same has been taken before.
        if (given === before) continue;
        const value = toCache(field, given);
        if (before === MISS && asks && !tx.unseen.isFirst(field, ids.idOf(slot), value)) throw new NotPlain();
        if (before !== MISS && field.isEqual(before, value)) continue;
        // A column with marks is listed as having them.
        if (column.dirtySize > 0) column.putDirty(slot, value);
        else tx.cache.set(record, field, value, { dirty: true });
        different.push(slot);
      }
    } finally {
      tx.computes.leave();
    }
    const moment = this.#moment();
    const marks = asks ? tx.toCompute.marksOf(field) : undefined;
    if (!marks) tx.toCompute.noteDifferent(field, different, moment);
    else for (const [time, changed] of groupBy(different, (slot) => marks.lastOf(slot) || moment)) tx.toCompute.noteDifferent(field, changed, time);
    if (channels.compute.hasSubscribers) this.#computed.push({ model: field.model, fields: [field.name], records: slots.length, failed: false });
  }

  #moment(): number {
    this.#sequence += 1;
    const sequence = this.#tx.triggers.nextSequence();
    if (sequence !== this.#sequence) throw new NotPlain();
    return sequence;
  }

  /** The slots that relations lead to from some slots; those not in memory lead nowhere. */
  #follow(relations: readonly Field[], from: readonly number[]): readonly number[] {
    let here = from;
    for (const relation of relations) here = this.#step(relation, here);
    return here;
  }

  #step(relation: Field, from: readonly number[]): readonly number[] {
    const { cache, rootEnv } = this.#tx;
    const column = rootEnv.column(relation);
    const slots = cache.slots(relation.relation?.comodel ?? '');
    const found: number[] = [];
    let last: unknown;
    for (const slot of from) {
      const value = column.at(slot);
      // Records that lie side by side often lead to the same one.
      if (value === MISS || value === null || value === last) continue;
      last = value;
      // A relation is cached as an id or a list of ids.
      if (Array.isArray(value)) for (const id of value as readonly Id[]) found.push(slots.slotOf(id));
      else found.push(slots.slotOf(value as Id));
    }
    return found;
  }

  /** Those of which a recomputed value that a compute reads came out different since they were marked, or cannot be told from memory. */
  #mayHaveChanged({ field, causes }: ComputePlan, due: readonly number[], marks: Marks): readonly number[] {
    const { toCompute } = this.#tx;
    const changed: number[] = [];
    this.#mustKnow = keepsHandWritten(field);
    for (const slot of due) {
      this.#since = marks.sinceOf(slot) ?? CERTAIN;
      let isDue = this.#since === CERTAIN;
      for (let at = 0; !isDue && at < causes.length; at += 1) {
        const { relations = [], plan } = causes[at] ?? {};
        if (!plan) continue;
        this.#changes = toCompute.changesOf(plan.field);
        this.#marks = toCompute.marksOf(plan.field);
        isDue = this.#leadsToChanged(relations, 0, slot);
      }
      if (isDue) changed.push(slot);
    }
    return changed;
  }

  #leadsToChanged(relations: readonly Field[], at: number, slot: number): boolean {
    const relation = relations[at];
    if (!relation) return (this.#changes !== undefined && hasChanged(this.#changes, slot, this.#since)) || this.#marks?.has(slot) === true;
    const { cache, rootEnv } = this.#tx;
    const value = rootEnv.column(relation).at(slot);
    if (value === MISS) {
      if (this.#mustKnow) throw new NotPlain();
      return true;
    }
    if (value === null) return false;
    const slots = cache.slots(relation.relation?.comodel ?? '');
    // A relation is cached as an id or a list of ids.
    if (!Array.isArray(value)) return this.#leadsToChanged(relations, at + 1, slots.slotOf(value as Id));
    for (const id of value as readonly Id[]) if (this.#leadsToChanged(relations, at + 1, slots.slotOf(id))) return true;
    return false;
  }
}
