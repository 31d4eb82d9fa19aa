import type { Field } from '@ormolu/registry';
import type { RowData } from './scenario-data';
import type { World } from './world';

/** Memory as a recording shows it: field → context key → id → value, and sets of ids by field. */
export interface StateView {
  readonly cache: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
  readonly tocompute: Readonly<Record<string, readonly (number | string)[]>>;
  readonly dirty: Readonly<Record<string, readonly (number | string)[]>>;
  readonly protected: Readonly<Record<string, readonly (number | string)[]>>;
}

/** What is in memory now, by the transaction's public views. */
export function stateOf(world: World): StateView {
  const { tx } = world;
  const cache: Record<string, Record<string, Record<string, unknown>>> = {};
  const shielded: Record<string, (number | string)[]> = {};
  for (const model of tx.registry.models.values()) {
    for (const field of model.fields.values()) {
      for (const [key, id, value] of tx.cache.entries(field)) {
        // The cache makes its keys by `contextKey`, which gives texts.
        ((cache[field.toString()] ??= {})[key as string] ??= {})[world.nameOf(id)] = asRecorded(world, value);
      }
    }
  }
  for (const field of tx.protected.keys()) shielded[field.toString()] = world.namesOf(tx.protected.get(field) ?? []);
  return { cache, tocompute: byField(world, tx.tocompute), dirty: dirtyOf(world), protected: shielded };
}

function byField(world: World, pairs: Iterable<readonly [Field, Iterable<Parameters<World['nameOf']>[0]>]>): Record<string, (number | string)[]> {
  return Object.fromEntries([...pairs].map(([field, ids]) => [field.toString(), world.namesOf(ids)]));
}

function dirtyOf(world: World): Record<string, (number | string)[]> {
  const dirty: Record<string, (number | string)[]> = {};
  for (const [model, rows] of world.tx.towrite) {
    for (const [id, values] of rows) for (const name of values.keys()) (dirty[`${model}.${name}`] ??= []).push(world.nameOf(id));
  }
  return dirty;
}

/** A cached value in the words of a recording: ids by name. */
export function asRecorded(world: World, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one: unknown) => asRecorded(world, one));
  return typeof value === 'object' && value !== null && 'serial' in value ? world.nameOf(value as Parameters<World['nameOf']>[0]) : value;
}

/** The rows of all tables, past the engine; undefined when the database takes no statements now. */
export async function rowsOf(world: World): Promise<Readonly<Record<string, readonly (RowData | readonly unknown[])[]>> | undefined> {
  const { session, tx } = world;
  if (session.state !== 'open') return undefined;
  return world.statements.unheard(async () => {
    const rows: Record<string, readonly (RowData | readonly unknown[])[]> = {};
    for (const table of tx.registry.schema.tables) {
      const isRelation = !tx.registry.models.has(table.model);
      const columns = isRelation ? table.columns.map(({ column }) => column) : table.columns.filter(({ field }) => tx.registry.field(table.model, field).keyedBy !== 'company').map(({ column }) => column);
      const names = [...isRelation ? [] : [table.idColumn], ...columns].map((name) => `"${name}"`).join(', ');
      const found = await session.sql(`select ${names} from "${table.table}" order by 1, 2`, []);
      if (found.length > 0) rows[isRelation ? `@${table.table}` : table.model] = isRelation ? pairsOf(world, table.table, found) : found;
    }
    return rows;
  });
}

/** Rows of relation tables by their columns' names. */
function namedColumns({ models }: World, table: string, rows: readonly (RowData | readonly unknown[])[]): readonly RowData[] {
  const [first, second] = relationColumns(models, table);
  return rows.map((row) => (isPair(row) ? { [first]: row[0], [second]: row[1] } : row));
}

function isPair(row: RowData | readonly unknown[]): row is readonly unknown[] {
  return Array.isArray(row);
}

function relationColumns(models: World['models'], table: string): readonly [string, string] {
  const { column1 = '', column2 = '' } = Object.values(models).flatMap((model) => Object.values(model.fields)).find(({ relation }) => relation === table) ?? {};
  return [column1, column2];
}

/** A pair is recorded as a list, in the order of the columns of the many2many that comes first among the models. */
function pairsOf({ models }: World, table: string, rows: readonly RowData[]): readonly (readonly unknown[])[] {
  const [first, second] = relationColumns(models, table);
  return rows.map((row) => [row[first], row[second]]).sort(byItems);
}

function byItems(a: readonly unknown[], b: readonly unknown[]): number {
  const at = a.findIndex((item, n) => item !== b[n]);
  return at === -1 ? 0 : Number(a[at]) - Number(b[at]);
}

/** Changes the database behind the engine's back, from one recorded picture of it to the next. */
export async function changeRows(world: World, before: Readonly<Record<string, readonly RowData[]>>, after: Readonly<Record<string, readonly RowData[]>>): Promise<void> {
  await world.statements.unheard(async () => {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const table = name.startsWith('@') ? name.slice(1) : world.tx.registry.schema.table(name).table;
      for (const change of changesBetween(table, namedColumns(world, table, before[name] ?? []), namedColumns(world, table, after[name] ?? []))) await world.session.sql(change.text, change.parameters);
    }
  });
}

interface Change {
  readonly text: string;
  readonly parameters: readonly unknown[];
}

/** Rows that came, went, or have other values; a row without an id is told by all of its values. */
function changesBetween(table: string, before: readonly RowData[], after: readonly RowData[]): Change[] {
  const keyOf = (row: RowData): string => JSON.stringify('id' in row ? row['id'] : row);
  const known = new Map(before.map((row) => [keyOf(row), row]));
  const changes: Change[] = [];
  for (const row of after) {
    const old = known.get(keyOf(row));
    known.delete(keyOf(row));
    if (!old) changes.push(insertion(table, row));
    else {
      const different = Object.entries(row).filter(([column, value]) => JSON.stringify(old[column]) !== JSON.stringify(value));
      if (different.length > 0) changes.push({ text: `update "${table}" set ${different.map(([column], n) => `"${column}" = $${n + 1}`).join(', ')} where id = $${different.length + 1}`, parameters: [...different.map(([, value]) => value), row['id']] });
    }
  }
  for (const row of known.values()) {
    const told = 'id' in row ? [['id', row['id']] as const] : Object.entries(row);
    changes.push({ text: `delete from "${table}" where ${told.map(([column], n) => `"${column}" = $${n + 1}`).join(' and ')}`, parameters: told.map(([, value]) => value) });
  }
  return changes;
}

function insertion(table: string, row: RowData): Change {
  const columns = Object.keys(row);
  return { text: `insert into "${table}" (${columns.map((column) => `"${column}"`).join(', ')}) values (${columns.map((_, n) => `$${n + 1}`).join(', ')})`, parameters: Object.values(row) };
}

