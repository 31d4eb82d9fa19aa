import { ConflictError, type CachedRead, type Columns, type Groups, type ReadQuestion, type Schema, type StoredId, type Tag } from '@ormolu/kernel';
import { isDeepStrictEqual } from 'node:util';
import type { Companion } from '../sql-transaction';
import { groupStatement } from '../statements/group';
import { queryStatement } from '../statements/query';
import { readStatement, type RowsStatement } from '../statements/records';
import { ResultColumns } from '../wire/result-columns';

/** What caches answered of one model, to be asked again in one message. */
export interface ReplayBatch {
  readonly model: string;
  readonly companions: readonly Companion[];
  /** Compares the answers with those of the caches, once they are there. */
  difference(): ConflictError | undefined;
}

/** What replaying needs of the session. */
export interface ReplayContext {
  readonly foldingCollation: string | undefined;
  /** What the transaction changed itself differs rightly from what it was answered before. */
  readonly isChangedHere: (tag: Tag) => boolean;
}

/** The database's answer to a question that a cache answered, compared with that one. */
type Comparison = () => boolean;

/** The cached reads of a transaction by model: all reads of records as one statement, each query and group as one. */
export function replayBatches(schema: Schema, reads: readonly CachedRead[], context: ReplayContext): readonly ReplayBatch[] {
  const models = new Map<string, CachedRead[]>();
  for (const read of reads) models.set(read.question.model, [...models.get(read.question.model) ?? [], read]);
  return [...models].map(([model, ofModel]) => {
    const companions: Companion[] = [];
    const comparisons: Comparison[] = [];
    const ask = (statement: RowsStatement): readonly unknown[][] => {
      const sink = new ResultColumns(statement.types);
      companions.push({ statement, sink });
      return sink.columns;
    };
    const records = ofModel.filter((read) => read.kind === 'read');
    if (records.length > 0) comparisons.push(...comparedRecords(schema, model, { records, ask, context }));
    for (const read of ofModel) {
      if (read.kind === 'read') continue;
      const isOwn = read.tags.some((tag) => context.isChangedHere(tag));
      if (read.kind === 'query') {
        const columns = ask(queryStatement(schema, read.question, context.foldingCollation));
        comparisons.push(() => isOwn || sameColumns(columns, [read.answer.ids, ...read.answer.columns]));
      } else {
        const statement = groupStatement(schema, read.question, context.foldingCollation);
        const columns = ask(statement);
        comparisons.push(() => isOwn || sameGroups(statement.groups(columns), read.answer));
      }
    }
    return { model, companions, difference: () => (comparisons.every((isSame) => isSame()) ? undefined : cachedReadConflict(model)) };
  });
}

function comparedRecords(schema: Schema, model: string, { records, ask, context }: {
  readonly records: readonly Extract<CachedRead, { kind: 'read' }>[];
  readonly ask: (statement: RowsStatement) => readonly unknown[][];
  readonly context: ReplayContext;
}): readonly Comparison[] {
  const ids = [...new Set(records.flatMap(({ question }) => question.ids))];
  const fields = [...new Set(records.flatMap(({ question }) => question.fields))];
  const columns = ask(readStatement(schema, { model, ids, fields }));
  return records.map(({ question, answer }) => () => {
    const now: Columns = { ids: columns[0] as StoredId[], columns: question.fields.map((field) => columns[fields.indexOf(field) + 1] ?? []) }; // read statements answer the id first
    return sameRecords(question, answer, { now, isChangedHere: context.isChangedHere });
  });
}

/** Whether records are still what a cache answered, those apart that the transaction changed itself. */
export function sameRecords({ model, ids, fields }: ReadQuestion, answer: Columns, { now, isChangedHere }: { readonly now: Columns; readonly isChangedHere: (tag: Tag) => boolean }): boolean {
  const [then, present] = [rowsOf(answer), rowsOf(now)];
  return ids.every((id) => isChangedHere({ model, id, fields }) || isDeepStrictEqual(present.get(id), then.get(id)));
}

/** Whether a question is still answered as a cache has answered it. */
export function sameAnswer(one: Columns, other: Columns): boolean {
  return sameColumns([one.ids, ...one.columns], [other.ids, ...other.columns]);
}

/** Whether groups are still what a cache answered. */
export function sameGroups(one: Groups, other: Groups): boolean {
  return one.count === other.count && sameColumns(one.keys, other.keys) && sameColumns(one.aggregates, other.aggregates);
}

/** Whether columns hold the same. Of what lists they are is nothing to it: v8 makes those that it reads of the main realm, which is another where tests have one of their own. */
function sameColumns(one: readonly (readonly unknown[])[], other: readonly (readonly unknown[])[]): boolean {
  return one.length === other.length && one.every((column, at) => {
    const values = other[at] ?? [];
    return column.length === values.length && column.every((value, place) => isDeepStrictEqual(value, values[place]));
  });
}

function rowsOf({ ids, columns }: Columns): ReadonlyMap<StoredId, readonly unknown[]> {
  return new Map(ids.map((id, n) => [id, columns.map((column) => column[n])]));
}

/** What a serializable transaction is refused with. */
export function cachedReadConflict(model: string): ConflictError {
  return new ConflictError('STORAGE_CACHED_READ', `What a cache had answered of model '${model}' is not what the database says now, at SERIALIZABLE. Run the whole work again in a fresh transaction.`, { details: { model } });
}
