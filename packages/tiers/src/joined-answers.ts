import { channels, formatSnapshot, TABLES_SIGNAL, type AnswerEvent, type Columns, type EntryStamp, type ReadQuestion, type Session, type Sight, type Snapshot, type StoredId, type Tag } from '@ormolu/kernel';

/*
 * What rungs that answer a part of a question themselves have in common.
 */

/**
 * Whether a statement must not be answered in part: at READ COMMITTED each sees one moment, its own, and what is asked below sees a later
 * one than the sight by which entries were judged.
 */
export function asksForAllOrNone({ isolation }: Session): boolean {
  return isolation === 'read committed';
}

export const NONE: Columns = { ids: [], columns: [] };

/** What a rung had, and what came from below. */
export function together(held: Pick<Columns, 'ids' | 'columns'>, rest: Columns): Columns {
  return { ids: [...held.ids, ...rest.ids], columns: held.columns.map((column, place) => [...column, ...(rest.columns[place] ?? [])]) };
}

/** The records of an answer in the order of a search; undefined when some are not among them. */
export function inOrder(ids: readonly StoredId[], { ids: found, columns }: Columns): Columns | undefined {
  const rows = new Map(found.map((id, row) => [id, row]));
  const places = ids.flatMap((id) => rows.get(id) ?? []);
  return places.length < ids.length ? undefined : { ids: [...ids], columns: columns.map((column) => places.map((row) => column[row])) };
}

/** How an answer was judged. */
export interface Judged {
  readonly rung: string;
  /** Of a named cache. */
  readonly cache?: string | undefined;
  readonly sight: Sight;
  readonly stamps: ReadonlyMap<EntryStamp, readonly StoredId[]>;
  readonly tags: readonly Tag[];
}

/** Tells who listens that a rung has answered, from which entries, and what the change log said of them. */
export function tellAnswer({ model, fields }: Pick<ReadQuestion, 'model' | 'fields'>, { rung, cache, sight, stamps, tags }: Judged): void {
  if (!channels.answer.hasSubscribers) return;
  const entries = Array.from(stamps, ([{ snapshot }, ids]) => ({ snapshot: textOf(snapshot), ids }));
  const event: AnswerEvent = { rung, ...(cache === undefined ? {} : { cache }), model, fields, records: entries.reduce((sum, { ids }) => sum + ids.length, 0), entries, log: [...tags, { model: TABLES_SIGNAL }].flatMap((tag) => sight.log.rowsOf(tag)) };
  channels.answer.publish(event);
}

/** As PostgreSQL writes it; of rows that a commit has left, with the transaction that made them. */
function textOf(snapshot: Snapshot): string {
  return snapshot.own === undefined ? formatSnapshot(snapshot) : `${formatSnapshot(snapshot)} and ${String(snapshot.own)}`;
}
