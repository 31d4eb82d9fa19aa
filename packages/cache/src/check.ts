import { isStoredId, typeName, type Columns, type StoredId } from '@ormolu/kernel';
import type { Column } from './column';
import { CheckAnswerError, InvalidArgumentError, type CacheDifference } from './errors';
import type { FieldColumns } from './field-columns';
import type { FieldTable } from './field-table';
import { sameValue } from './same-value';
import { MISS } from './places';
import { NO_CONTEXT } from './context-key';
import type { CacheField, CacheEnvironment, ContextKey } from './shapes';

/** An environment that can read what is stored. */
export interface CheckEnvironment extends CacheEnvironment {
  /** Reads fields of records from the database, past every cache. Ids that do not exist are left out; `columns[f][i]` is field `f` of id `i`. */
  readStored(model: string, ids: readonly StoredId[], fields: readonly string[]): Promise<Columns>;
  /**
   * An environment that sees the field under another context key, when there is one; values without such an environment are not compared.
   * Fields whose environment is the same object are read together, so answer the same one for the same key.
   */
  inContext?(field: CacheField, key: ContextKey): CheckEnvironment | undefined;
}

/** How a check is done. */
export interface CheckOptions {
  /**
   * Records read at a time, a whole number from 1 up.
   * @defaultValue 1000
   */
  readonly batchSize?: number | undefined;
  /**
   * Whether a cached and a stored value are the same.
   * @defaultValue `sameValue`
   */
  readonly same?: ((cached: unknown, stored: unknown, field: CacheField) => boolean) | undefined;
}

/** What a check found. */
export interface CheckReport {
  readonly differences: readonly CacheDifference[];
  /** Values compared. */
  readonly compared: number;
  /** Values of stored fields that were not: dirty, of drafts, changed meanwhile, or in a context no environment was found for. */
  readonly skipped: number;
}

/** Columns that one environment sees, to be read together. */
interface Group {
  readonly env: CheckEnvironment;
  readonly model: string;
  readonly members: { readonly field: CacheField; readonly column: Column }[];
}

class Findings {
  readonly differences: CacheDifference[] = [];
  compared = 0;
  skipped = 0;
}

/** What a check goes by. */
interface Question {
  readonly same: NonNullable<CheckOptions['same']>;
  /** Whether what is compared is still what the cache holds. */
  readonly isHeld: () => boolean;
}

/**
 * Compares cached values with stored ones, a batch of records of one model at a time. Values that change while a batch is read are
 * left aside, as are those of a table that was cleared meanwhile.
 */
export async function checkCache(current: () => FieldTable, env: CheckEnvironment, options: CheckOptions = {}): Promise<CheckReport> {
  const { batchSize = 1000, same = sameValue } = options;
  if (!canRead(env)) throw new InvalidArgumentError('check', `an environment that is ${typeName(env)}`, 'an object with readStored(model, ids, fields) and cacheKey(field)');
  if (!Number.isSafeInteger(batchSize) || batchSize < 1) throw new InvalidArgumentError('check', `a batchSize of ${typeof batchSize === 'number' ? String(batchSize) : typeName(batchSize)}`, 'a whole number from 1 up');
  if (typeof same !== 'function') throw new InvalidArgumentError('check', `a same that is ${typeName(same)}`, 'a function of two values and a field');
  const table = current();
  const question: Question = { same, isHeld: () => current() === table };
  const found = new Findings();
  for (const model of table.models()) {
    for (const group of groupsOf(table, model, env, found)) {
      const records = comparable(group, found);
      for (let at = 0; at < records.length; at += batchSize) {
        await compareBatch(group, records.slice(at, at + batchSize), found, question);
        if (!question.isHeld()) return found;
      }
    }
  }
  return found;
}

function groupsOf(table: FieldTable, model: string, env: CheckEnvironment, found: Findings): Iterable<Group> {
  const groups = new Map<CheckEnvironment, Group>();
  for (const columns of table.fieldsOf(model)) {
    const { field } = columns;
    if (field.stored === false || field.name === 'id') continue;
    for (const column of columns.inOrder()) {
      const own = environmentFor(columns, column, env);
      if (own === undefined) {
        found.skipped += column.size;
        continue;
      }
      const group = groups.get(own) ?? { env: own, model, members: [] };
      groups.set(own, group);
      group.members.push({ field, column });
    }
  }
  return groups.values();
}

function canRead(env: unknown): env is CheckEnvironment {
  return typeof env === 'object' && env !== null && 'readStored' in env && typeof env.readStored === 'function' && 'cacheKey' in env && typeof env.cacheKey === 'function';
}

function environmentFor({ field }: FieldColumns, column: Column, env: CheckEnvironment): CheckEnvironment | undefined {
  const key = field.dependsContext.length === 0 ? NO_CONTEXT : env.cacheKey(field);
  if (key === column.key) return env;
  const own = env.inContext?.(field, column.key);
  if (own === undefined || canRead(own)) return own;
  throw new InvalidArgumentError('check', `an environment whose inContext() answered ${typeName(own)}`, 'one that answers an environment, or undefined when there is none');
}

/** A record of which something can be compared. */
type Candidate = readonly [slot: number, id: StoredId];

/** The records of which anything can be compared, each once; what cannot is counted as skipped. */
function comparable(group: Group, found: Findings): Candidate[] {
  const records = new Map<number, StoredId>();
  for (const { column } of group.members) {
    for (const slot of column.occupied()) {
      const id = column.slots.idOf(slot);
      if (column.isDirty(slot) || !isStoredId(id)) found.skipped += 1;
      else records.set(slot, id);
    }
  }
  return [...records];
}

async function compareBatch(group: Group, batch: readonly Candidate[], found: Findings, { same, isHeld }: Question): Promise<void> {
  const { env, model, members } = group;
  const before = members.map(({ column }) => batch.map(([slot]) => (column.isDirty(slot) ? MISS : column.at(slot))));
  const ids = batch.map(([, id]) => id);
  const fields = members.map(({ field }) => field.name);
  const answer = await env.readStored(model, ids, fields);
  // What was cleared away meanwhile changes no more, but nobody sees it either.
  if (!isHeld()) return;
  const rowOf = rowsOf(answer, model, ids, fields);
  members.forEach(({ field, column }, member) => {
    batch.forEach(([slot, id], at) => {
      const cached = before[member]?.[at];
      if (cached === MISS) return;
      if (column.isDirty(slot) || !Object.is(column.at(slot), cached)) {
        found.skipped += 1;
        return;
      }
      const row = rowOf.get(id);
      const stored = row === undefined ? MISS : answer.columns[member]?.[row];
      found.compared += 1;
      if (stored === MISS || !same(cached, stored, field)) {
        found.differences.push({ model, id, field: field.name, context: column.key, cached, stored });
      }
    });
  });
}

/** The place of each id in an answer that was looked through: a bad one would be taken for differences. */
function rowsOf(answer: unknown, model: string, asked: readonly StoredId[], fields: readonly string[]): ReadonlyMap<StoredId, number> {
  const refusal = (problem: string) => new CheckAnswerError(model, fields, problem);
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) throw refusal(typeName(answer));
  const { ids, columns } = answer as { readonly ids?: unknown; readonly columns?: unknown }; // an object may have anything under these names
  if (!Array.isArray(ids)) throw refusal(`ids that are ${typeName(ids)}`);
  if (!Array.isArray(columns)) throw refusal(`columns that are ${typeName(columns)}`);
  fields.forEach((field, at) => {
    const column: unknown = columns[at];
    if (!Array.isArray(column)) throw refusal(`a column of '${field}' that is ${typeName(column)}`);
    if (column.length !== ids.length) throw refusal(`${String(column.length)} values of '${field}' for ${String(ids.length)} ids`);
  });
  const wanted = new Set<unknown>(asked);
  const rows = new Map<StoredId, number>();
  for (const [row, id] of ids.entries()) {
    if (!wanted.has(id)) throw refusal(`an id that was not asked for, ${typeName(id)}`);
    if (rows.has(id as StoredId)) throw refusal(`the id ${String(id)} twice`);
    rows.set(id as StoredId, row); // one that was asked for
  }
  return rows;
}
