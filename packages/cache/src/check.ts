import { isStoredId, type Columns, type StoredId } from '@ormolu/kernel';
import type { Column } from './column';
import type { CacheDifference } from './errors';
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
  /** An environment that sees the field under another context key, when there is one. Values without such an environment are not compared. */
  inContext?(field: CacheField, key: ContextKey): CheckEnvironment | undefined;
}

/** How a check is done. */
export interface CheckOptions {
  /**
   * Records read at a time.
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

/**
 * Compares cached values with stored ones, a batch of records of one model at a time. Values that change while a batch is read are
 * left aside, as are those of a table that was cleared meanwhile.
 */
export async function checkCache(current: () => FieldTable, env: CheckEnvironment, options: CheckOptions = {}): Promise<CheckReport> {
  const table = current();
  const batchSize = Math.max(1, Math.floor(options.batchSize ?? 1000));
  const found = new Findings();
  for (const model of table.models()) {
    for (const group of groupsOf(table, model, env, found)) {
      const records = comparable(group, found);
      for (let at = 0; at < records.length; at += batchSize) {
        if (current() !== table) return found;
        await compareBatch(group, records.slice(at, at + batchSize), found, options.same ?? sameValue);
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

function environmentFor({ field }: FieldColumns, column: Column, env: CheckEnvironment): CheckEnvironment | undefined {
  const key = field.dependsContext.length === 0 ? NO_CONTEXT : env.cacheKey(field);
  return key === column.key ? env : env.inContext?.(field, column.key);
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

async function compareBatch(group: Group, batch: readonly Candidate[], found: Findings, same: NonNullable<CheckOptions['same']>): Promise<void> {
  const { env, model, members } = group;
  const before = members.map(({ column }) => batch.map(([slot]) => (column.isDirty(slot) ? MISS : column.at(slot))));
  const answer = await env.readStored(model, batch.map(([, id]) => id), members.map(({ field }) => field.name));
  const rowOf = new Map(answer.ids.map((id, row) => [id, row]));
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
