import { groupBy } from '../group-by';
import { isStoredId, NewId, SameValue, type Id, type StoredId } from '@ormolu/kernel';
import { Field } from '@ormolu/registry';
import { argument } from '../check-call';
import { computeOrder } from '../computing/compute-order';
import { isConcerned } from '../computing/settle-relations';
import { ComputeError, DraftError, MissingRecordError, type ComputeFailure } from '../errors';
import { flushPairs } from './flush-pairs';
import { placeOfKey, recordsAt } from '../environment/keyed-fields';
import { onlyRowsWith, pendingColumns, rowsOf, type PendingColumn } from './pending-columns';
import { reachOf } from '../triggers/reach';
import { resolveTriggers } from '../triggers/resolve-triggers';
import { keepsHandWritten } from '../triggers/keeps-hand-written';
import { settleUnseen } from '../triggers/unseen';
import { dropUnchanged } from '../triggers/judge';
import type { Transaction } from '../transaction';
import { IdsOf } from '../values';

/** The fields a flush is about, each of all records or of some. */
export type FlushSpec = Iterable<readonly [field: Field, ids?: Iterable<Id> | undefined]>;

/** The same, to be asked. */
type Wanted = ReadonlyMap<Field, ReadonlySet<Id> | 'all'>;

function wantedBy({ hasReset, registry }: Transaction, spec: FlushSpec): Wanted {
  const wanted = new Map<Field, Set<Id> | 'all'>();
  for (const [given, ids] of checked(spec)) {
    const field = hasReset ? registry.field(given.model, given.name) : given;
    const known = wanted.get(field);
    wanted.set(field, ids === undefined || known === 'all' ? 'all' : new Set([...(known ?? []), ...ids]));
  }
  return wanted;
}

/** A spec of another shape would be flushed as if nothing were pending. */
function* checked(spec: unknown): Generator<readonly [field: Field, ids?: Iterable<Id>]> {
  const expects = 'a list of fields, each with its ids or with none for all: [[registry.field(model, name), [1]]]';
  if (!isIterable(spec)) throw argument('flush', spec, expects);
  for (const part of spec) {
    const [field, ids] = Array.isArray(part) ? (part as readonly unknown[]) : [part];
    if (!Array.isArray(part) || !(field instanceof Field)) throw argument('flush', Array.isArray(part) ? field : part, expects);
    if (ids !== undefined && !isIterable(ids)) throw argument('flush', ids, expects);
    yield ids === undefined ? [field] : [field, ids as Iterable<Id>]; // ids of other records are pending nowhere
  }
}

function isIterable(given: unknown): given is Iterable<unknown> {
  return typeof given === 'object' && given !== null && Symbol.iterator in given;
}

function isWanted(wanted: Wanted | undefined, field: Field, id: Id): boolean {
  const ids = wanted?.get(field);
  return wanted === undefined || ids === 'all' || (ids?.has(id) ?? false);
}

/**
 * Finishes everything pending: resolves triggers and recomputes, alternating until both are empty, then writes.
 *
 * @param spec - only these fields, and what they are computed from; a row of which one is pending is written whole
 * @throws {ComputeError} TX_COMPUTE_FAILED after everything else has been written
 * @throws {DraftError} TX_DRAFT_UNSAVED when a record was assigned a draft; all the rest has been written
 * @throws {MissingRecordError} TX_RECORD_MISSING when records with pending values are not there
 * @throws {ConcurrentModificationError} STORAGE_VERSION in an optimistic transaction
 * @throws {ConstraintError} when the database refuses a row
 * @remarks One UPDATE per model and set of fields, whatever the number of records.
 */
export async function flush(tx: Transaction, spec?: FlushSpec): Promise<void> {
  const wanted = spec && wantedBy(tx, spec);
  const recomputing = new Recomputing(tx, wanted);
  // Others may assign in the very turns that this takes: what is written unseen tells nobody any more who depended on it.
  do {
    await recomputing.finish();
    // Who reads a value meanwhile may have one computed that takes an unseen one's place.
    while (tx.unseen.size > 0) await leaveUnseen(tx);
  } while (!recomputing.isFinished);
  const { failures } = recomputing;
  await writePending(tx, pendingOf(tx, wanted), wanted);
  // A trigger that is still pending may yet mark what reads a value that came out different before.
  if (tx.triggers.size === 0) tx.toCompute.forgetChanges();
  if (tx.toCompute.size === 0) tx.unseen.forgetBorn();
  if (failures.length > 0) throw new ComputeError(failures);
}

/** Resolves triggers and recomputes what is wanted, in dependency order, until neither is left to do. What fails is tried once. */
class Recomputing {
  readonly failures: ComputeFailure[] = [];
  readonly #tx: Transaction;
  readonly #wanted: Wanted | undefined;
  readonly #order: ReturnType<typeof computeOrder>;
  readonly #failed = new Map<Field, Set<Id>>();

  constructor(tx: Transaction, wanted: Wanted | undefined) {
    this.#tx = tx;
    this.#wanted = wanted;
    this.#order = computeOrder(tx.registry);
  }

  get isFinished(): boolean {
    return !mustResolve(this.#tx, this.#wanted) && !this.#tx.toCompute.fields().some((field) => this.#dueOf(field).length > 0);
  }

  async finish(): Promise<void> {
    const tx = this.#tx;
    for (;;) {
      if (mustResolve(tx, this.#wanted)) await resolveTriggers(tx);
      const marked = [...tx.toCompute.fields()].sort((a, b) => (this.#order.get(a) ?? 0) - (this.#order.get(b) ?? 0));
      const next = marked.find((field) => this.#dueOf(field).length > 0);
      if (!next) {
        // The values computed meanwhile are to be written too, and with them the causes of triggers.
        if (mustResolve(tx, this.#wanted)) continue;
        return;
      }
      // Who comes into a list and who leaves it is known when the many2one on its other side is computed, which nobody may have asked for.
      const before = this.#wanted && marked.slice(0, marked.indexOf(next)).find((field) => field.relation && this.#pendingIn(field).length > 0 && isConcerned(tx, field, next));
      if (!before && keepsHandWritten(next)) {
        if (tx.unseen.size > 0) await settleUnseen(tx);
        // Of what turns out to be as it was nothing need be fetched.
        dropUnchanged(tx, next, this.#dueOf(next));
        if (this.#dueOf(next).length === 0) continue;
      }
      for (const failure of await (before ? tx.recompute(before, this.#pendingIn(before)) : tx.recompute(next, this.#dueOf(next)))) this.#note(failure);
    }
  }

  #note(failure: ComputeFailure): void {
    this.failures.push(failure);
    const field = this.#tx.registry.field(failure.model, failure.field);
    const known = this.#failed.get(field) ?? new Set<Id>();
    this.#failed.set(field, known);
    for (const id of failure.ids) known.add(id);
  }

  #pendingIn(field: Field): readonly Id[] {
    const pending = this.#tx.toCompute.get(field);
    const failed = this.#failed.get(field);
    return failed ? pending.filter((id) => !failed.has(id)) : pending;
  }

  #dueOf(field: Field): readonly Id[] {
    return this.#wanted ? this.#pendingIn(field).filter((id) => isWanted(this.#wanted, field, id)) : this.#pendingIn(field);
  }
}

/** Whether a flush of some fields would do anything. */
export function concernsPending(tx: Transaction, fields: ReadonlySet<Field>): boolean {
  if (tx.triggers.snapshot().some(({ tree }) => [...reachOf(tx, tree).concerned].some((field) => fields.has(field)))) return true;
  if (tx.toCompute.fields().some((field) => fields.has(field))) return true;
  if ([...tx.cache.getDirtyFields()].some(({ model, name }) => fields.has(tx.registry.field(model, name)))) return true;
  return [...fields].some(({ relation }) => relation?.relationModel !== undefined && tx.pairs.tables().includes(relation.relationModel));
}

/** What was put unseen is about to be written: what stood there before is gone then, and somebody may yet ask for it. */
async function leaveUnseen(tx: Transaction): Promise<void> {
  if (tx.toCompute.size > 0 || tx.triggers.size > 0) await settleUnseen(tx);
  else tx.unseen.clear();
}

async function writePending(tx: Transaction, pending: ReadonlyMap<string, readonly PendingColumn[]>, wanted: Wanted | undefined): Promise<void> {
  const missing: (MissingRecordError | DraftError)[] = [...waitingForDrafts(tx, wanted)];
  for (const [model, ofModel] of pending) {
    for (const { ids, columns } of rowsOf(ofModel)) {
      const fields = columns.map(({ field }) => field.name);
      const found = await tx.below.update({ model, ids, fields, columns: columns.map(columnOf) });
      const there = found.length < ids.length ? new Set(found) : undefined;
      for (const column of columns) clearWritten(tx, column, ids, there);
      if (there) missing.push(new MissingRecordError(model, ids.filter((id) => !there.has(id)), `pending values of ${fields.join(', ')} were to be written`));
    }
  }
  await flushPairs(tx, wanted && ((table) => tablesOf(wanted).has(table)));
  const [first] = missing;
  if (first) throw first;
}

/** The relation tables that hold what is wanted. */
function tablesOf(wanted: Wanted): ReadonlySet<string | undefined> {
  return new Set(Array.from(wanted.keys(), ({ relation }) => relation?.relationModel));
}

/**
 * Whether triggers that wait for their dependents must wait no longer: a field wanted may be one of these, or the value before the
 * write, which tells who they are, is about to be overwritten.
 */
function mustResolve(tx: Transaction, wanted: Wanted | undefined): boolean {
  if (tx.triggers.size === 0) return false;
  if (!wanted) return true;
  const pending = pendingOf(tx, wanted);
  return tx.triggers.snapshot().some(({ firing: { cause }, tree }) => {
    const { concerned } = reachOf(tx, tree);
    if (tablesOf(wanted).has(cause.relation?.relationModel ?? '')) return true;
    return [...wanted.keys()].some((field) => concerned.has(field)) || (pending.get(cause.model)?.some(({ field }) => field === cause) ?? false);
  });
}

/** Values that cannot be written yet: drafts have no row. */
function waitingForDrafts(tx: Transaction, wanted: Wanted | undefined): readonly DraftError[] {
  if (tx.drafts.isEmpty) return [];
  const fields = [...tx.cache.getDirtyFields()].map(({ model, name }) => tx.registry.field(model, name));
  return fields.filter((field) => !wanted || wanted.has(field)).flatMap((field) =>
    [...tx.cache.dirtyEntries(field)].flatMap(([, id, value]) => (isStoredId(id) && value instanceof NewId && isWanted(wanted, field, id) ? [new DraftError(field, value)] : [])));
}

/** What is to be written, of all or of the records of which something wanted is pending. */
function pendingOf(tx: Transaction, wanted: Wanted | undefined): ReadonlyMap<string, readonly PendingColumn[]> {
  const pending = pendingColumns(tx);
  return wanted ? new Map(Array.from(pending, ([model, columns]) => [model, onlyRowsWith(columns, (field, id) => isWanted(wanted, field, id))])) : pending;
}

/** Takes away the marks of what has been written. A value assigned while the statement was on its way has yet to be. */
function clearWritten(tx: Transaction, { field, values }: PendingColumn, ids: readonly StoredId[], there: ReadonlySet<StoredId> | undefined): void {
  if (field.keyedBy) {
    // Of such a field the keys are sent that were pending, in the column's form.
    const sent = new Map(ids.map((id, place): readonly [Id, Readonly<Record<string, unknown>>] => [id, values[place] as Readonly<Record<string, unknown>>]));
    const done = groupBy([...tx.cache.dirtyEntries(field)].filter(([key, id, value]) => {
      const own = sent.get(id);
      const place = String(placeOfKey(key));
      return own !== undefined && place in own && isStoredId(id) && there?.has(id) !== false && JSON.stringify(own[place]) === JSON.stringify(field.toColumn(value));
    }), ([key]) => key);
    for (const [key, entries] of done) tx.cache.clearDirty(recordsAt(field, placeOfKey(key), entries.map(([, id]) => id)), field);
    return;
  }
  const column = tx.rootEnv.column(field);
  const written = ids.filter((id, place) => column.of(id) === values[place] && there?.has(id) !== false);
  tx.cache.clearDirty(new IdsOf(tx.rootEnv, field.model, written), field);
}

/** One value for all ids takes the cheap form. */
function columnOf({ field, values }: PendingColumn): readonly unknown[] | SameValue {
  const [first] = values;
  if (field.keyedBy) {
    // The keys to change, in the column's form already.
    const text = JSON.stringify(first);
    return values.every((value) => JSON.stringify(value) === text) ? new SameValue(first) : values;
  }
  if (values.every((value) => field.isEqual(value, first))) return new SameValue(field.toColumn(first));
  return values.map((value) => field.toColumn(value));
}
