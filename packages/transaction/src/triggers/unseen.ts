import { isStoredId, type Id, type StoredId } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
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
  }

  isBorn(model: string, id: Id): boolean {
    return this.#born.get(model)?.has(id) ?? false;
  }

  /** All that was due of new records is in the database. */
  forgetBorn(): void {
    this.#born.clear();
  }

  note(field: Field, ids: readonly Id[], put: Put): void {
    let puts = this.#puts.get(field);
    if (!puts) this.#puts.set(field, (puts = new Map<Id, Put>()));
    for (const id of ids) puts.set(id, put);
    this.#undo.push(() => {
      const left = this.#puts.get(field);
      for (const id of ids) left?.delete(id);
      if (left?.size === 0) this.#puts.delete(field);
    });
  }

  /** Takes out all there is, by field. */
  takeAll(): ReadonlyMap<Field, ReadonlyMap<Id, Put>> {
    const taken = new Map(this.#puts);
    if (taken.size === 0) return taken;
    this.#puts.clear();
    this.#undo.push(() => {
      for (const [field, puts] of taken) this.#puts.set(field, puts);
    });
    return taken;
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
 * @remarks One statement a model; the values before are in the database until these are written.
 */
export async function settleUnseen(tx: Transaction): Promise<void> {
  const taken = tx.unseen.takeAll();
  const models = new Map<string, Field[]>();
  for (const field of taken.keys()) models.set(field.model, [...(models.get(field.model) ?? []), field]);
  for (const [model, fields] of models) {
    const ids = new Set(fields.flatMap((field) => [...(taken.get(field)?.keys() ?? [])]));
    const answer = await tx.below.read({ model, ids: [...ids].filter(isStoredId), fields: fields.map(({ name }) => name) });
    for (const [place, field] of fields.entries()) compare(tx, field, { puts: taken.get(field) ?? new Map<Id, Put>(), ids: answer.ids, before: answer.columns[place] ?? [] });
  }
}

function compare(tx: Transaction, field: Field, { puts, ids, before }: { readonly puts: ReadonlyMap<Id, Put>; readonly ids: readonly StoredId[]; readonly before: readonly unknown[] }): void {
  const isAsBefore: StoredId[] = [];
  for (const [row, id] of ids.entries()) {
    const put = puts.get(id);
    if (!put) continue;
    const was = field.fromColumn(before[row]);
    if (!field.isEqual(was, put.value)) tx.toCompute.noteChanged(field, id, put.time);
    const now = tx.rootEnv.peek(field, id);
    if (now !== undefined && field.isEqual(was, now)) isAsBefore.push(id);
  }
  if (isAsBefore.length > 0) tx.cache.clearDirty(new IdsOf(tx.rootEnv, field.model, isAsBefore), field);
}
