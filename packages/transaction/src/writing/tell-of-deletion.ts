import type { Id, StoredId } from '@ormolu/kernel';
import type { Field, TriggerTree } from '@ormolu/registry';
import { groupBy } from '../group-by';
import { listsOver, sideOf, sidesOf, type PairSide } from '../lists/relation-tables';
import { fetchColumns } from '../reading/fetch';
import { membersOf } from '../reading/fetch-pairs';
import type { Transaction } from '../transaction';
import { fire, fireAgain, isEmpty, startFiring } from '../triggers/modified';
import type { Met } from '../triggers/pending-triggers';
import { resolveTriggers } from '../triggers/resolve-triggers';
import type { Consequences } from './consequences';

/** Computed values that were given by hand, which stay. */
export type Given = ReadonlyMap<Field, ReadonlySet<Id>>;

/** Who was told of a deletion, and when. */
export interface Told {
  readonly met: readonly Met[];
  readonly kept: Given | undefined;
  readonly moment: number;
}

/** Marks who depends on the records before their rows go: their relations still tell who that is. */
export async function tellBefore(tx: Transaction, consequences: Consequences, kept: Given | undefined): Promise<Told> {
  for (const [model, ids] of consequences.deleted) {
    const fields = [...tx.registry.model(model).fields.values()];
    const owners = fields.filter((field) => field.relation?.kind === 'many2one' && tx.registry.inversesOf(field).length > 0);
    await fetchColumns(tx, owners, [...ids]);
  }
  const holders = new Map<Field, ReadonlySet<Id>>();
  const asked = groupBy(listsThatLose(tx, consequences.deleted).filter(({ list }) => !isEmpty(tx.registry.triggersOf(list))), ({ side }) => side);
  for (const [side, lists] of asked) {
    const found = await membersOf(tx, side, [...(lists[0]?.gone ?? [])]);
    for (const { list } of lists) holders.set(list, found);
  }
  const met: Met[] = [];
  fireForThem(tx, consequences, holders, { met, kept });
  await resolveTriggers(tx);
  return { met, kept, moment: tx.triggers.sequence };
}

/** Marks them once more when the rows have gone: whoever was computed while the statement was on its way was computed with what has gone. */
export function tellAfterwards(tx: Transaction, consequences: Consequences, { met, kept, moment }: Told): void {
  fireAgain(tx, met);
  if (tx.triggers.sequence !== moment) fireForThem(tx, consequences, holdersInMemory(tx, consequences.deleted), { kept });
}

interface HowToTell {
  /** Where those are noted who are told. */
  readonly met?: Met[];
  readonly kept: Given | undefined;
}

/** Marks those who depend on the records, as far as memory tells. @param holders - of the lists in relation tables that hold any */
function fireForThem(tx: Transaction, { deleted, emptied, unwatched }: Consequences, holders: ReadonlyMap<Field, ReadonlySet<Id>>, { met, kept }: HowToTell): void {
  const fireFor = (field: Field, ids: ReadonlySet<Id>, tree: TriggerTree): void => {
    if (ids.size === 0 || isEmpty(tree)) return;
    const firing = startFiring(tx, field, [...ids]);
    fire(tx, { ...firing, ...(met && { met }), ...(kept && { shield: both(firing.shield, kept) }) }, tree, ids);
  };
  for (const [model, ids] of deleted) {
    for (const field of tx.registry.model(model).fields.values()) fireFor(field, ids, { targets: [], branches: tx.registry.triggersOf(field).branches });
  }
  for (const [field, ids] of [...holders, ...emptied]) fireFor(field, ids, tx.registry.triggersOf(field));
  for (const { field, holders: own } of unwatched) fireFor(field, new Set(own.keys()), tx.registry.triggersOf(field));
}

function both(some: Given, others: Given): Given {
  return new Map([...some, ...Array.from(others, ([field, ids]) => [field, new Set([...(some.get(field) ?? []), ...ids])] as const)]);
}

/** The lists in relation tables whose members are deleted, each with the side of its table on which these stand. */
function listsThatLose(tx: Transaction, deleted: Consequences['deleted']): readonly { readonly list: Field; readonly side: PairSide; readonly gone: ReadonlySet<StoredId> }[] {
  return [...deleted].flatMap(([model, gone]) => sidesOf(tx.registry, model).flatMap((side) =>
    listsOver(tx.registry, side.table).filter((list) => sideOf(list)?.own === side.other).map((list) => ({ list, side, gone }))));
}

/** Of such lists, those in memory that hold any. */
function holdersInMemory(tx: Transaction, deleted: Consequences['deleted']): ReadonlyMap<Field, ReadonlySet<Id>> {
  return new Map(listsThatLose(tx, deleted).map(({ list, gone }) => {
    const isGone: ReadonlySet<Id> = gone;
    return [list, new Set([...tx.cache.entries(list)].flatMap(([, id, value]) => ((value as readonly Id[]).some((member) => isGone.has(member)) ? [id] : [])))]; // a list is cached as an array of ids
  }));
}

