import { isStoredId, NewId, type StoredId } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { placeOfKey } from '../environment/keyed-fields';
import type { Transaction } from '../transaction';

/** The pending values of one field: of which records, in the order in which they were assigned, and of each what is to be written. */
export interface PendingColumn {
  readonly field: Field;
  readonly ids: readonly StoredId[];
  /** In the cache's form; of a field with a value per company or language the keys to change, in the column's form. */
  readonly values: readonly unknown[];
}

/** What one statement writes: the columns of some records, whose values stand in the order of `ids`. */
export interface PendingRows {
  readonly ids: readonly StoredId[];
  readonly columns: readonly PendingColumn[];
}

/** The pending values that can be written, by model. What refers to a draft cannot, and drafts have no row. */
export function pendingColumns(tx: Transaction): ReadonlyMap<string, readonly PendingColumn[]> {
  const pending = new Map<string, PendingColumn[]>();
  for (const { model, name } of tx.cache.getDirtyFields()) {
    const field = tx.registry.field(model, name);
    const column = field.keyedBy ? keyedColumn(tx, field) : plainColumn(tx, field);
    if (column.ids.length === 0) continue;
    const ofModel = pending.get(model);
    if (ofModel) ofModel.push(column);
    else pending.set(model, [column]);
  }
  return pending;
}

function plainColumn(tx: Transaction, field: Field): PendingColumn {
  const column = tx.rootEnv.column(field);
  const ids: StoredId[] = [];
  const values: unknown[] = [];
  for (const slot of column.dirtySlots()) {
    const id = column.slots.idOf(slot);
    const value = column.at(slot);
    if (!isStoredId(id) || value instanceof NewId) continue;
    ids.push(id);
    values.push(value);
  }
  return { field, ids, values };
}

function keyedColumn(tx: Transaction, field: Field): PendingColumn {
  const changes = new Map<StoredId, Record<string, unknown>>();
  for (const [key, id, value] of tx.cache.dirtyEntries(field)) {
    if (!isStoredId(id) || value instanceof NewId) continue;
    changes.set(id, { ...changes.get(id), [String(placeOfKey(key))]: field.toColumn(value) });
  }
  return { field, ids: [...changes.keys()], values: [...changes.values()] };
}

/**
 * Leaves out the records of which nothing wanted is pending: a row is written whole. Who passes a unique value on goes with those who may take it.
 */
export function onlyRowsWith(columns: readonly PendingColumn[], isWanted: (field: Field, id: StoredId) => boolean): readonly PendingColumn[] {
  const wanted = new Set<StoredId>();
  for (const { field, ids } of columns) for (const id of ids) if (isWanted(field, id)) wanted.add(id);
  const uniques = new Set(columns.filter(({ field }) => isUnique(field)));
  for (let next: PendingColumn | undefined; (next = [...uniques].find(({ ids }) => ids.some((id) => wanted.has(id))));) {
    for (const id of next.ids) wanted.add(id);
    uniques.delete(next);
  }
  const left = columns.map(({ field, ids, values }) => ({ field, ids: ids.filter((id) => wanted.has(id)), values: values.filter((_, place) => wanted.has(ids[place] ?? 0)) }));
  return left.filter(({ ids }) => ids.length > 0);
}

/** Whether the database lets one record only have a value of this field. */
export function isUnique({ isStored, options }: Field): boolean {
  return isStored && options.unique === true;
}

/**
 * Records with the same set of pending fields share a statement. Mostly all have the same, and the columns are what they are.
 *
 * A unique field has a statement for all of its records: among several, a value that one record passes on to another would have two for a while.
 */
export function rowsOf(columns: readonly PendingColumn[]): readonly PendingRows[] {
  const [first] = columns;
  if (!first) return [];
  if (columns.every(({ ids }) => isSameList(ids, first.ids))) return [{ ids: first.ids, columns }];
  const rows = groupByFields(columns);
  const torn = columns.filter(({ field }) => isUnique(field) && rows.filter((row) => row.columns.some((column) => column.field === field)).length > 1);
  if (torn.length === 0) return rows;
  return [...torn.map((column): PendingRows => ({ ids: column.ids, columns: [column] })), ...groupByFields(columns.filter((column) => !torn.includes(column)))];
}

function isSameList(one: readonly StoredId[], other: readonly StoredId[]): boolean {
  return one === other || (one.length === other.length && one.every((id, place) => id === other[place]));
}

/** The plain way, whatever fields each record has. */
export function groupByFields(columns: readonly PendingColumn[]): readonly PendingRows[] {
  const fieldsOf = new Map<StoredId, string>();
  for (const [place, { ids }] of columns.entries()) for (const id of ids) fieldsOf.set(id, `${fieldsOf.get(id) ?? ''}${String(place)} `);
  const groups = new Map<string, StoredId[]>();
  for (const [id, fields] of fieldsOf) {
    const group = groups.get(fields);
    if (group) group.push(id);
    else groups.set(fields, [id]);
  }
  const values = columns.map((column) => new Map(column.ids.map((id, place) => [id, column.values[place]])));
  return Array.from(groups, ([fields, ids]) => {
    const own = new Set(fields.split(' '));
    return { ids, columns: columns.flatMap(({ field }, place) => (own.has(String(place)) ? [{ field, ids, values: ids.map((id) => values[place]?.get(id)) }] : [])) };
  });
}
