import type { Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import type { InsertedIds } from './insert-rows';
import type { WriteBatch } from './write-batch';

/** The ids of some records when the rows of a batch have been inserted. */
export type IdsBehind = (field: Field, ids: readonly Id[]) => readonly Id[];

/** What has become of the rows of a batch. */
export interface Behind {
  readonly inserted: InsertedIds;
  readonly now: IdsBehind;
}

/**
 * Behind the rows of a batch new records have ids of the database, and who was spoken of before may be deleted: whoever was made under his id is another.
 *
 * @param inserted - undefined while the rows are not there, and nobody is deleted
 */
export function idsBehind({ env, rows }: WriteBatch, inserted: InsertedIds | undefined): IdsBehind {
  if (!inserted) return (_, ids) => ids;
  const { absent } = env.transaction;
  const born = new Map<string, Set<Id>>();
  for (const { model, given } of rows) if (given !== undefined) born.set(model.name, (born.get(model.name) ?? new Set<Id>()).add(given));
  return ({ model }, ids) => absent.present(model, ids).flatMap((id) => inserted.get(id) ?? (born.get(model)?.has(id) === true ? [] : id));
}
