import { VERSION_FIELD, type StoredId, type Tag } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { seenFrom, sidesOf } from '../lists/relation-tables';
import type { Transaction } from '../transaction';
import type { Consequences } from './consequences';

/**
 * Of what the database changed along with a deletion, that which does not follow from the foreign keys: others' triggers did it, and memory
 * does not know what.
 *
 * @remarks One statement for each relation table that lost rows of which none in memory has heard.
 */
export async function surprisesIn(tx: Transaction, { deleted, emptied }: Consequences, touched: readonly Tag[]): Promise<readonly Tag[]> {
  const gone = byText(deleted);
  const lost = emptiedFields(emptied);
  const pairs = pairsOf(tx, deleted);
  const surprises: Tag[] = [];
  const unknown = new Map<string, (Tag & { readonly id: StoredId })[]>();
  for (const tag of touched) {
    const { model, id, fields } = tag;
    const key = String(id);
    if (id === undefined) surprises.push(tag);
    else if (pairs.has(model)) {
      const isOurs = pairs.get(model)?.get(key);
      if (isOurs === undefined) unknown.set(model, [...(unknown.get(model) ?? []), { ...tag, id }]);
      else if (!isOurs) surprises.push(tag);
    } else if (gone.get(model)?.has(key) !== true && fields?.every((name) => name === VERSION_FIELD || lost.get(model)?.get(key)?.has(name) === true) !== true) surprises.push(tag);
  }
  // A row that is gone and that nobody has heard of is in no list in memory; one that is there has been added.
  for (const [model, tags] of unknown) {
    const there = new Set((await tx.below.readPast({ model, ids: tags.map(({ id }) => id), fields: [] })).ids.map(String));
    surprises.push(...tags.filter(({ id }) => there.has(String(id))));
  }
  return surprises;
}

/** The log writes ids as texts. */
function byText(ids: ReadonlyMap<string, ReadonlySet<StoredId>>): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map([...ids].map(([model, own]) => [model, new Set(Array.from(own, String))]));
}

/** Model → record → the fields that lose their value. */
function emptiedFields(emptied: ReadonlyMap<Field, ReadonlySet<StoredId>>): ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>> {
  const lost = new Map<string, Map<string, Set<string>>>();
  for (const [{ model, name }, ids] of emptied) {
    const records = lost.get(model) ?? new Map<string, Set<string>>();
    lost.set(model, records);
    for (const id of ids) records.set(String(id), (records.get(String(id)) ?? new Set()).add(name));
  }
  return lost;
}

/** Relation table → row, as far as known → whether it goes with a deleted record. */
function pairsOf(tx: Transaction, deleted: ReadonlyMap<string, ReadonlySet<StoredId>>): ReadonlyMap<string, ReadonlyMap<string, boolean>> {
  const tables = new Map<string, Map<string, boolean>>();
  for (const [model, gone] of deleted) {
    for (const side of sidesOf(tx.registry, model)) {
      const rows = tables.get(side.table) ?? new Map<string, boolean>();
      tables.set(side.table, rows);
      const isGone = new Set(Array.from(gone, String));
      for (const [pair, known] of tx.pairRows.all(side.table)) {
        const goes = isGone.has(String(seenFrom(side, pair).id));
        for (const row of known) rows.set(String(row), goes || rows.get(String(row)) === true);
      }
    }
  }
  return tables;
}
