import { isStoredId, type Id, type StoredId } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { groupBy } from '../group-by';
import type { Transaction } from '../transaction';
import type { UndoLog } from '../undo/undo-log';
import { IdsOf } from '../values';
import { keepsHandWritten } from './keeps-hand-written';
import { readsDirectly } from './modified';

/** A value that took the place of one that was not in memory. */
interface Put {
  readonly time: number;
  /** In the cache's form. */
  readonly value: unknown;
}

/**
 * Values that were assigned or computed where memory did not have the one before: whether they differ is not known until that is read.
 *
 * Who is computed anyway does not ask. Who may have been written by hand must: an equal value changes nothing, and what was written stays.
 */
export class Unseen {
  readonly #puts = new Map<Field, Map<Id, Put>>();
  /** Records that were inserted since the last flush: what they had before is nothing. */
  readonly #born = new Map<string, Set<Id>>();
  readonly #undo: UndoLog;

  constructor(undo: UndoLog) {
    this.#undo = undo;
  }

  /** Number of fields. */
  get size(): number {
    return this.#puts.size;
  }

  /** Whether any value of a field was put unseen. */
  has(field: Field): boolean {
    return this.#puts.has(field);
  }

  /** Whether a value was put unseen at this moment or after it. */
  hasSince(field: Field, id: Id, sequence: number): boolean {
    return (this.#puts.get(field)?.get(id)?.time ?? -1) >= sequence;
  }

  /** Records have been inserted: their computed values are first values. */
  noteBorn(model: string, ids: readonly Id[]): void {
    const born = this.#born.get(model) ?? new Set<Id>();
    this.#born.set(model, born);
    for (const id of ids) born.add(id);
    this.#undo.push(() => {
      for (const id of ids) born.delete(id);
    });
  }

  isBorn(model: string, id: Id): boolean {
    return this.#born.get(model)?.has(id) ?? false;
  }

  /** Whether a value is another than the one before because the record is new: it had none, and has one now. */
  isFirst({ model }: Field, id: Id, value: unknown): boolean {
    return value !== null && this.isBorn(model, id);
  }

  /** All that was due of new records is in the database. */
  forgetBorn(): void {
    if (this.#born.size === 0) return;
    const before = [...this.#born];
    this.#born.clear();
    this.#undo.push(() => {
      for (const [model, born] of before) this.#born.set(model, born);
    });
  }

  /** The fields of which any value was put unseen. */
  fields(): readonly Field[] {
    return [...this.#puts.keys()];
  }

  /** The values of a field that were put unseen so far. */
  of(field: Field): ReadonlyMap<Id, Put> {
    return new Map(this.#puts.get(field));
  }

  note(field: Field, ids: readonly Id[], put: Put): void {
    const puts = this.#putsOf(field);
    const before = this.#undo.isOpen ? ids.map((id) => [id, puts.get(id)] as const) : [];
    for (const id of ids) puts.set(id, put);
    this.#undo.push(() => { this.#restore(field, before); });
  }

  /** Takes out those of some values of a field that nothing has taken the place of since. @returns these */
  take(field: Field, asked: ReadonlyMap<Id, Put>): ReadonlyMap<Id, Put> {
    const puts = this.#puts.get(field);
    const taken = new Map([...asked].filter(([id, put]) => puts?.get(id) === put));
    if (!puts || taken.size === 0) return taken;
    for (const id of taken.keys()) puts.delete(id);
    if (puts.size === 0) this.#puts.delete(field);
    this.#undo.push(() => { this.#restore(field, taken); });
    return taken;
  }

  /** Forgets them all. */
  clear(): void {
    const before = [...this.#puts];
    this.#puts.clear();
    this.#undo.push(() => {
      for (const [field, puts] of before) this.#puts.set(field, puts);
    });
    // What was due of new records is forgotten, too: what they have is what the database says.
    this.forgetBorn();
  }

  #putsOf(field: Field): Map<Id, Put> {
    let puts = this.#puts.get(field);
    if (!puts) this.#puts.set(field, (puts = new Map<Id, Put>()));
    return puts;
  }

  #restore(field: Field, before: Iterable<readonly [Id, Put | undefined]>): void {
    const puts = this.#putsOf(field);
    for (const [id, put] of before) {
      if (put) puts.set(id, put);
      else puts.delete(id);
    }
    if (puts.size === 0) this.#puts.delete(field);
  }
}

const asking = new WeakMap<ReadonlySet<Field>, boolean>();

/** Whether any field that keeps what was written by hand is computed from this one. */
export function isAskedFor(tx: Transaction, field: Field): boolean {
  const readers = readsDirectly(tx, field);
  let is = asking.get(readers);
  if (is === undefined) asking.set(readers, (is = [...readers].some(keepsHandWritten)));
  return is;
}

/**
 * Reads what stood in the place of values that were put unseen, and notes which of them are changes. What is equal need not be written.
 *
 * Until the answer is there they stay put unseen, so that nobody who reads meanwhile takes them for unchanged; who asks meanwhile waits for the same answer.
 * @remarks One statement a model; the values before are in the database until these are written.
 */
export async function settleUnseen(tx: Transaction): Promise<void> {
  // What is put while the answer is on its way is asked for next.
  while (tx.unseen.size > 0) {
    for (const [model, fields] of groupBy(tx.unseen.fields(), (field) => field.model)) {
      await tx.rounds.join(tx.rootEnv, `before ${model}`, { fields, ids: [], ask: (asked) => askBefore(tx, model, asked) });
    }
  }
}

/** Asks for the values before of those that are still unseen when it is asked. */
async function askBefore(tx: Transaction, model: string, fields: readonly Field[]): Promise<void> {
  const asked = fields.map((field) => ({ field, puts: tx.unseen.of(field) })).filter(({ puts }) => puts.size > 0);
  const ids = [...new Set(asked.flatMap(({ puts }) => [...puts.keys()]))].filter((id): id is StoredId => isStoredId(id) && !tx.absent.has(model, id));
  const answer = ids.length > 0 ? await tx.below.read({ model, ids, fields: asked.map(({ field }) => field.name) }) : { ids: [], columns: [] };
  const there = new Set<Id>(answer.ids);
  tx.absent.add(model, ids.filter((id) => !there.has(id)));
  for (const [place, { field, puts }] of asked.entries()) compare(tx, field, { puts: tx.unseen.take(field, puts), ids: answer.ids, before: answer.columns[place] ?? [] });
}

function compare(tx: Transaction, field: Field, { puts, ids, before }: { readonly puts: ReadonlyMap<Id, Put>; readonly ids: readonly StoredId[]; readonly before: readonly unknown[] }): void {
  const isAsBefore: StoredId[] = [];
  const left = new Map(puts);
  for (const [row, id] of ids.entries()) {
    const put = puts.get(id);
    if (!put) continue;
    left.delete(id);
    const was = field.fromColumn(before[row]);
    if (!field.isEqual(was, put.value)) tx.toCompute.noteChanged(field, id, put.time);
    const now = tx.rootEnv.peek(field, id);
    if (now !== undefined && field.isEqual(was, now)) isAsBefore.push(id);
  }
  // Of a record that is not there nobody will ever know what stood before.
  for (const [id, { time }] of left) tx.toCompute.noteChanged(field, id, time);
  if (isAsBefore.length > 0) tx.cache.clearDirty(new IdsOf(tx.rootEnv, field.model, isAsBefore), field);
}
