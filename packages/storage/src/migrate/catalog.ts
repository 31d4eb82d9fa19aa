import type { Schema } from '@ormolu/kernel';

/** A column as the database has it. */
export interface FoundColumn {
  readonly name: string;
  /** As `format_type` writes it: `integer`, `timestamp(3) with time zone`. */
  readonly type: string;
  readonly notNull: boolean;
  readonly generated: boolean;
}

/** A foreign key as the database has it, of one column. */
export interface FoundReference {
  readonly name: string;
  readonly column: string;
  readonly table: string;
  readonly onDelete: 'restrict' | 'cascade' | 'set null' | 'other';
}

/** A table as the database has it. */
export interface FoundTable {
  readonly name: string;
  readonly kind: 'table' | 'view' | 'other';
  readonly columns: ReadonlyMap<string, FoundColumn>;
  readonly references: readonly FoundReference[];
  /** Columns that an index begins with. */
  readonly indexed: ReadonlySet<string>;
  /** Column → the name of the index that makes it unique, over all rows. */
  readonly unique: ReadonlyMap<string, string>;
  /** The sets of columns that an index makes unique together, each by its name from `columnsKey`. */
  readonly uniqueTogether: ReadonlySet<string>;
  /** Whether a migration made it, and so may loosen what it holds of columns that no model names any more. */
  readonly isOurs: boolean;
  /** Columns that migrations have dropped from it, when they were told to. */
  readonly dropped: ReadonlySet<string>;
  /** Whether every update of a row raises its version. */
  readonly raisesVersion: boolean;
}

/** The comment on the tables that a migration has made. */
export const MADE_BY_US = 'Made by Ormolu';

/** The function, and the triggers, by which the database raises versions. */
export const RAISE_VERSION = 'ormolu_raise_version';

/** Where the columns stand that migrations have dropped: PostgreSQL itself forgets their names. */
export const DROPPED = 'ormolu_dropped';

/** Asks the database something about itself. */
export type AskCatalog = (text: string, parameters: readonly unknown[]) => Promise<readonly Record<string, unknown>[]>;

const COLUMNS = `select c.relname::text as table, c.relkind::text as kind, obj_description(c.oid, 'pg_class') as comment, a.attname::text as column, format_type(a.atttypid, a.atttypmod) as type,
    to_regclass(quote_ident(n.nspname) || '.${DROPPED}') is not null as remembers, a.attnotnull as required, (a.attidentity <> '' or a.attgenerated <> '' or d.oid is not null) as generated
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace and n.nspname = current_schema()
  left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
  where c.relname = any($1::text[]) and c.relkind = any('{r,p,v,m,f}')
  order by c.relname, a.attnum`;

const REFERENCES = `select c.relname::text as table, k.conname::text as name, a.attname::text as column, t.relname::text as target, k.confdeltype::text as action
  from pg_constraint k
  join pg_class c on c.oid = k.conrelid
  join pg_namespace n on n.oid = c.relnamespace and n.nspname = current_schema()
  join pg_class t on t.oid = k.confrelid
  join pg_attribute a on a.attrelid = c.oid and a.attnum = k.conkey[1]
  where k.contype = 'f' and cardinality(k.conkey) = 1 and c.relname = any($1::text[])`;

const INDEXES = `select c.relname::text as table, a.attname::text as column, x.relname::text as name, (i.indisunique and i.indnkeyatts = 1 and i.indpred is null) as unique
  from pg_index i
  join pg_class c on c.oid = i.indrelid
  join pg_class x on x.oid = i.indexrelid
  join pg_namespace n on n.oid = c.relnamespace and n.nspname = current_schema()
  join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
  where i.indisvalid and i.indpred is null and c.relname = any($1::text[])`;

const PAIRS = `select c.relname::text as table, (select array_to_json(array_agg(a.attname::text order by a.attname::text)) from pg_attribute a where a.attrelid = c.oid and a.attnum = any(i.indkey::int2[])) as columns
  from pg_index i
  join pg_class c on c.oid = i.indrelid
  join pg_namespace n on n.oid = c.relnamespace and n.nspname = current_schema()
  where i.indisvalid and i.indisunique and i.indpred is null and i.indexprs is null and i.indnkeyatts > 1 and i.indnatts = i.indnkeyatts and c.relname = any($1::text[])`;

const DROPPED_COLUMNS = `select d.table_name as table, d.column_name as column from ${DROPPED} d where d.table_name = any($1::text[])`;

const VERSION_TRIGGERS = `select c.relname::text as table
  from pg_trigger g
  join pg_class c on c.oid = g.tgrelid
  join pg_namespace n on n.oid = c.relnamespace and n.nspname = current_schema()
  join pg_proc p on p.oid = g.tgfoid
  where not g.tgisinternal and g.tgenabled in ('O', 'A') and p.proname = $2 and c.relname = any($1::text[])`;

const ACTIONS: Readonly<Record<string, FoundReference['onDelete']>> = { a: 'restrict', r: 'restrict', c: 'cascade', n: 'set null' };

/** Reads what the database has of the tables that a schema names, by name. */
export async function readCatalog(ask: AskCatalog, schema: Schema): Promise<ReadonlyMap<string, FoundTable>> {
  const names = schema.tables.map(({ table }) => table);
  const [columns, references, indexes] = [await ask(COLUMNS, [names]), await ask(REFERENCES, [names]), await ask(INDEXES, [names])];
  const pairs = await ask(PAIRS, [names]);
  const raising = new Set((await ask(VERSION_TRIGGERS, [names, RAISE_VERSION])).map((row) => String(row['table'])));
  const dropped = columns[0]?.['remembers'] === true ? await ask(DROPPED_COLUMNS, [names]) : [];
  const found = new Map<string, FoundTable>();
  for (const [name, ofTable] of groupBy(columns, 'table')) {
    found.set(name, {
      name,
      kind: kindOf(ofTable[0]?.['kind']),
      columns: new Map(ofTable.filter((row) => row['column'] !== null).map((row) => [String(row['column']), {
        name: String(row['column']), type: String(row['type']), notNull: row['required'] === true, generated: row['generated'] === true,
      }])),
      references: references.filter((row) => row['table'] === name).map((row) => ({
        name: String(row['name']), column: String(row['column']), table: String(row['target']), onDelete: ACTIONS[String(row['action'])] ?? 'other',
      })),
      indexed: new Set(indexes.filter((row) => row['table'] === name).map((row) => String(row['column']))),
      unique: new Map(indexes.filter((row) => row['table'] === name && row['unique'] === true).map((row) => [String(row['column']), String(row['name'])])),
      isOurs: ofTable[0]?.['comment'] === MADE_BY_US,
      uniqueTogether: new Set(pairs.filter((row) => row['table'] === name).map((row) => columnsKey(row['columns'] as string[]))), // as the statement makes them
      dropped: new Set(dropped.filter((row) => row['table'] === name).map((row) => String(row['column']))),
      raisesVersion: raising.has(name),
    });
  }
  return found;
}

/** A name for a set of columns, in whatever order. */
export function columnsKey(columns: readonly string[]): string {
  return JSON.stringify([...columns].sort());
}

function kindOf(letter: unknown): FoundTable['kind'] {
  if (letter === 'r' || letter === 'p') return 'table';
  return letter === 'v' || letter === 'm' ? 'view' : 'other';
}

function groupBy(rows: readonly Record<string, unknown>[], key: string): ReadonlyMap<string, readonly Record<string, unknown>[]> {
  const groups = new Map<string, Record<string, unknown>[]>();
  for (const row of rows) {
    const name = String(row[key]);
    const group = groups.get(name);
    if (group) group.push(row);
    else groups.set(name, [row]);
  }
  return groups;
}
