import { MODELS_SIGNAL, TABLES_SIGNAL, VERSION_COLUMN, type TableSchema } from '@ormolu/kernel';
import { createHash } from 'node:crypto';
import { literal, quoted } from '../statements/identifiers';
import { RUNNING } from './running';
import { SAME_STRUCTURE, STRUCTURE } from './structure';

/** The table of the change log. */
export const LOG_TABLE = 'ormolu_log';

/** What stands in the log's column `model` when rows below the transaction in `id` have been removed. */
export const TRIMMED = '$trimmed';

/** A statement that changes more rows than this leaves one row for the whole model. */
export const MOST_ROWS = 1000;

/** The names of the triggers, one per event. */
export const LOG_TRIGGERS = ['ormolu_log_insert', 'ormolu_log_update', 'ormolu_log_delete', 'ormolu_log_truncate'] as const;

/** Functions that are the same for every table. */
export const TRIM_FUNCTION = 'ormolu_log_trim';
export const SIGNAL_FUNCTION = 'ormolu_log_signal';
/** Its answer is read by processes of other versions, too: another form of it needs another name. (`ormolu_log_poll` said nothing of how tables hang together.) */
export const POLL_FUNCTION = 'ormolu_log_since';

/** Asked behind a COMMIT: how tables hang together by then, and whether somebody has told since that he has altered some. */
export const STANDING_FUNCTION = 'ormolu_log_standing';

/** Rows that are looked at for that; who has more of them behind him is told that somebody may have. */
const MOST_LOOKED_AT = 5000;

/** Rows that tell of other models, and such that tell of altered tables, which trimming leaves: who sleeps meanwhile follows the ones, and hears one of the others, when he wakes. */
const KEPT_SIGNALS = 100;

/** Rows one poll may bring; who is farther behind begins anew. */
export const MOST_POLLED = 50_000;

/** Who trims takes turns under this number: the letters "OrmLog". */
const TRIM_LOCK = 0x4f726d4c6f67n;

/** The first line of a trigger function: from it is read which columns it watches. The number rises with every change of the text below. */
const HEADER = '-- The change log of Ormolu, 2: ';

/** The log's own name in a namespace. */
export function logTable(namespace: string): string {
  return `${quoted(namespace)}.${quoted(LOG_TABLE)}`;
}

/** What a table is watched by: the columns whose changes are told apart. */
export interface WatchedTable {
  readonly table: string;
  readonly idColumn: string;
  readonly columns: readonly string[];
}

/**
 * How a model's table is watched: by its own columns and all others that are there, which another program's models may have.
 *
 * @param there - the table's other columns
 */
export function watchedTable({ table, idColumn, columns, versioned }: TableSchema, there: Iterable<string> = []): WatchedTable {
  const all = new Set([...columns.map(({ column }) => column), ...versioned ? [VERSION_COLUMN.column] : [], ...there]);
  all.delete(idColumn);
  return { table, idColumn, columns: [...all].sort() };
}

/** The columns that a trigger function tells apart, by its text; undefined when the text is none of ours. */
export function watchedColumns(source: string): readonly string[] | undefined {
  const [first = ''] = source.split('\n', 1);
  return first.startsWith(HEADER) ? JSON.parse(first.slice(HEADER.length)) as string[] : undefined; // as `triggerSource` wrote it
}

/** The name of a table's trigger function; PostgreSQL cuts longer names off silently. */
export function triggerFunction(table: string): string {
  const name = `${LOG_TABLE}_${table}`;
  return Buffer.byteLength(name) <= 63 ? name : `${LOG_TABLE}_${createHash('sha256').update(table).digest('hex').slice(0, 32)}`;
}

/**
 * The text of a table's trigger function.
 *
 * Written out for each table, so that its plans are kept; what would find columns by itself, as JSON, costs four times as much. Columns are
 * compared by their images: under some collations, and of some types, what is equal is not the same. A column that is gone, or has
 * another name now, is found by a question that reads no row, and then the whole model is logged.
 */
export function triggerSource(namespace: string, { table, idColumn, columns }: WatchedTable): string {
  const log = logTable(namespace);
  const id = quoted(idColumn);
  const model = literal(table);
  const differing = columns.map((column) => `case when record_image_ne(row(n.${quoted(column)}), row(o.${quoted(column)})) then ${literal(column)} end`);
  const changed = `array_remove(array[${differing.join(', ')}]::text[], null)`;
  const more = (rows: string, than: number): string => `exists (select from ${rows} offset ${than})`;
  // How many rows there are is asked in the statement that logs them, and one row, the usual case, is logged without a join.
  return `${HEADER}${JSON.stringify(columns)}
begin
  begin
    if tg_op = 'INSERT' then perform n.${id} from new_rows n where false;
    elsif tg_op = 'DELETE' then perform o.${id} from old_rows o where false;
    elsif tg_op = 'UPDATE' then perform ${[idColumn, ...columns].map((column) => `n.${quoted(column)}`).join(', ')} from new_rows n where false;
    end if;
  exception when undefined_column then
    insert into ${log} (model) values (${model});
    return null;
  end;
  if tg_op = 'INSERT' then
    insert into ${log} (model, id) select ${model}, n.${id}::text from new_rows n where not ${more('new_rows', MOST_ROWS)};
    if found or not ${more('new_rows', 0)} then return null; end if;
  elsif tg_op = 'DELETE' then
    insert into ${log} (model, id) select ${model}, o.${id}::text from old_rows o where not ${more('old_rows', MOST_ROWS)};
    if found or not ${more('old_rows', 0)} then return null; end if;
  elsif tg_op = 'UPDATE' then
    insert into ${log} (model, id, fields) select ${model}, n.${id}::text, ${changed}
      from (select * from new_rows limit 1) n, (select * from old_rows limit 1) o where n.${id} = o.${id} and not ${more('new_rows', 1)};
    if found then return null; end if;
    insert into ${log} (model, id, fields) select ${model}, c.id, c.fields from (
      select coalesce(n.${id}, o.${id})::text as id, case when n.${id} is null or o.${id} is null then null else ${changed} end as fields
      from new_rows n full join old_rows o on n.${id} = o.${id} offset 0
    ) c where c.fields is distinct from '{}'::text[] and not ${more('new_rows', MOST_ROWS)};
    if found or not ${more('new_rows', MOST_ROWS)} then return null; end if;
  end if;
  insert into ${log} (model) values (${model});
  return null;
end`;
}

/** `CREATE FUNCTION` of a table's trigger function: it writes the log whoever changes the table. */
export function createTriggerFunction(namespace: string, watched: WatchedTable): string {
  return `create or replace function ${quoted(triggerFunction(watched.table))}() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as ${literal(triggerSource(namespace, watched))}`;
}

/** The statements that put a table's triggers in place; they fire whatever role a session replicates in. */
export function createTriggers(table: string): readonly string[] {
  const on = quoted(table);
  const seen = { ormolu_log_insert: ' referencing new table as new_rows', ormolu_log_update: ' referencing old table as old_rows new table as new_rows', ormolu_log_delete: ' referencing old table as old_rows', ormolu_log_truncate: '' };
  const created = LOG_TRIGGERS.flatMap((name) => [
    `drop trigger if exists ${name} on ${on}`,
    `create trigger ${name} after ${name.slice(LOG_TABLE.length + 1)} on ${on}${seen[name]} for each statement execute function ${quoted(triggerFunction(table))}()`,
  ]);
  return [...created, `alter table ${on} ${LOG_TRIGGERS.map((name) => `enable always trigger ${name}`).join(', ')}`];
}

/** The log itself: append-only, found by transaction. */
export function createLog(namespace: string): readonly string[] {
  const log = logTable(namespace);
  return [
    `create table ${log} (xid xid8 not null default pg_current_xact_id(), model text collate "C" not null, id text collate "C", fields text[])`,
    `create index ${quoted(`${LOG_TABLE}_xid`)} on ${log} (xid)`,
  ];
}

interface LogFunction {
  readonly name: string;
  readonly head: string;
  readonly source: string;
  /** `owner`: does what only its owner may. */
  readonly rights: 'owner' | 'caller';
  /** Who may run it besides its owner; nobody: it is granted. */
  readonly isPublic: boolean;
  /** What the server is to do while it runs. */
  readonly settings?: string;
}

/** The functions around the log, by name: their parameters, what they return, and their text. */
export function logFunctions(namespace: string): readonly LogFunction[] {
  const log = logTable(namespace);
  return [
    {
      name: TRIM_FUNCTION,
      head: '(keep bigint) returns bigint',
      rights: 'owner',
      isPublic: false,
      // Rows of transactions to come are those of another cluster, which the log was restored from: all of them go, before transactions here have their numbers.
      // Not above the lowest transaction in progress: a process that looks for the first time begins there, and so never below the mark.
      source: `
declare
  mark xid8;
  gone bigint;
begin
  if not pg_try_advisory_xact_lock(${TRIM_LOCK}) then return 0; end if;
  select least(l.xid, pg_snapshot_xmin(pg_current_snapshot())) into mark from ${log} l
    where l.xid < pg_snapshot_xmax(pg_current_snapshot()) order by l.xid desc offset greatest(keep, 1) - 1 limit 1;
  delete from ${log} l where (l.xid < mark and ${[`like ${literal(`${MODELS_SIGNAL} %`)}`, `= ${literal(TABLES_SIGNAL)}`].map((told) => `case when l.model ${told} then l.xid < (
      select r.xid from ${log} r where r.model ${told} order by r.xid desc offset ${KEPT_SIGNALS} limit 1
    ) else true end`).join(' and ')}) or (l.xid >= pg_snapshot_xmax(pg_current_snapshot()) and l.xid is distinct from pg_current_xact_id_if_assigned());
  get diagnostics gone = row_count;
  if gone > 0 and mark is not null then insert into ${log} (model, id) values (${literal(TRIMMED)}, mark::text); end if;
  return gone;
end`,
    },
    {
      name: SIGNAL_FUNCTION,
      head: '(models text[]) returns void',
      rights: 'owner',
      isPublic: true,
      source: `
begin
  insert into ${log} (model) select m from unnest(models) m where m like '$%' and m <> ${literal(TRIMMED)} and m not like ${literal(`${MODELS_SIGNAL}%`)};
end`,
    },
    {
      name: POLL_FUNCTION,
      head: '(since xid8, running xid8[]) returns text stable',
      rights: 'caller',
      isPublic: true,
      // Where nobody has begun to write since, there is nothing new, and tables hang together as they did. Otherwise one plan for all numbers of transactions, which uses the index whatever statistics say of a log that was short when they were made.
      settings: 'set plan_cache_mode = force_generic_plan set enable_seqscan = off',
      source: `
declare
  here text := pg_current_snapshot()::text || ' ' || case when pg_is_in_recovery() then '' else left(pg_walfile_name(pg_current_wal_lsn()), 8) end
    || ' ' || ${RUNNING} || ' ' || coalesce(to_regclass(${literal(log)})::oid::text, '');
  news text;
begin
  if running = '{}' and since = pg_snapshot_xmax(pg_current_snapshot()) then return here || ' ${SAME_STRUCTURE} '; end if;
  here := here || ' ' || ${STRUCTURE} || ' ';
  since := coalesce(since, pg_snapshot_xmin(pg_current_snapshot()));
  if not exists (select from ${log} l where l.xid >= since and l.xid < pg_snapshot_xmax(pg_current_snapshot())) and (running = '{}' or not exists (select from ${log} l where l.xid = any(running))) then
    return here;
  end if;
  select json_agg(json_build_array(l.xid::text, l.model, l.id, l.fields))::text into news from (
    (select * from ${log} l where l.xid >= since and l.xid < pg_snapshot_xmax(pg_current_snapshot()) order by l.xid limit ${MOST_POLLED + 1})
    union all (select * from ${log} l where l.xid = any(running) order by l.xid limit ${MOST_POLLED + 1})
  ) l;
  return here || news;
end`,
    },
    {
      name: STANDING_FUNCTION,
      head: '(since xid8, running xid8[]) returns text stable',
      rights: 'caller',
      isPublic: true,
      settings: 'set plan_cache_mode = force_generic_plan set enable_seqscan = off',
      source: `
begin
  return ${STRUCTURE} || case when (select count(*) = ${MOST_LOOKED_AT} or bool_or(l.model = ${literal(TABLES_SIGNAL)}) from (select n.model from ${log} n where n.xid >= since and n.xid < pg_snapshot_xmax(pg_current_snapshot()) order by n.xid limit ${MOST_LOOKED_AT}) l)
    or exists (select from ${log} l where l.xid = any(running) and l.model = ${literal(TABLES_SIGNAL)}) then ' altered' else '' end;
end`,
    },
  ];
}

/** `CREATE FUNCTION` of those. */
export function createLogFunctions(namespace: string): readonly string[] {
  return logFunctions(namespace).flatMap(({ name, head, source, rights, isPublic, settings = '' }) => [
    `create or replace function ${quoted(name)}${head} language plpgsql security ${rights === 'owner' ? 'definer' : 'invoker'} set search_path = pg_catalog, pg_temp ${settings} as ${literal(source)}`,
    ...isPublic ? [] : [`revoke execute on function ${quoted(name)} from public`],
  ]);
}
