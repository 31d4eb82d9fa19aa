import type { Id } from '@ormolu/kernel';
import type { Field, Registry } from '@ormolu/registry';

/** A many2many as one side of its relation table. */
export interface PairSide {
  /** The name by which requests know the table. */
  readonly table: string;
  /** The table's field of the list's owner, and the one of its members. */
  readonly own: string;
  readonly other: string;
}

/** A row of a relation table: the ids in the alphabetical order of its columns, whichever side one looks from. */
export type Pair = readonly [Id, Id];

/** The relation table of a many2many, seen from this side; undefined for any other field, and for one that nothing keeps. */
export function sideOf(field: Field): PairSide | undefined {
  const { relation } = field;
  if (relation?.kind !== 'many2many' || !field.isPersistent) return undefined;
  const { relationModel, column, otherColumn } = relation;
  return relationModel === undefined || column === undefined || otherColumn === undefined ? undefined : { table: relationModel, own: column, other: otherColumn };
}

/** The same table, seen from the other side. */
export function reversed({ table, own, other }: PairSide): PairSide {
  return { table, own: other, other: own };
}

/** The row that says that `id`'s list on this side holds `member`. */
export function pairOf({ own, other }: PairSide, id: Id, member: Id): Pair {
  return own < other ? [id, member] : [member, id];
}

/** The owner and the member that a row names, seen from a side. */
export function seenFrom({ own, other }: PairSide, [first, second]: Pair): { readonly id: Id; readonly member: Id } {
  return own < other ? { id: first, member: second } : { id: second, member: first };
}

const listsOfRegistry = new WeakMap<Registry, ReadonlyMap<string, readonly Field[]>>();

/** Every many2many over a relation table, from either side. */
export function listsOver(registry: Registry, table: string): readonly Field[] {
  let lists = listsOfRegistry.get(registry);
  if (!lists) {
    const found = new Map<string, Field[]>();
    for (const model of registry.models.values()) {
      for (const field of model.fields.values()) {
        const side = sideOf(field);
        if (side) found.set(side.table, [...(found.get(side.table) ?? []), field]);
      }
    }
    listsOfRegistry.set(registry, (lists = found));
  }
  return lists.get(table) ?? [];
}

/** Every relation table that has the records of a model on one side, as seen from there. */
export function sidesOf(registry: Registry, model: string): readonly PairSide[] {
  const sides = new Map<string, PairSide>();
  for (const other of registry.models.values()) {
    for (const field of other.fields.values()) {
      const side = sideOf(field);
      if (!side) continue;
      if (field.model === model) sides.set(`${side.table}.${side.own}`, side);
      if (field.relation?.comodel === model) sides.set(`${side.table}.${side.other}`, reversed(side));
    }
  }
  return [...sides.values()];
}
