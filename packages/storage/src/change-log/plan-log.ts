import type { Schema, TableSchema } from '@ormolu/kernel';
import type { AskCatalog } from '../migrate/catalog';
import { literal } from '../statements/identifiers';
import { createLog, createLogFunctions, createTriggerFunction, createTriggers, LOG_TABLE, LOG_TRIGGERS, logFunctions, logTable, triggerSource, watchedColumns, watchedTable } from './log-objects';

/** How changes get into the log. */
export type LogMode =
  | 'triggers' // the database writes them itself, whoever changes a table
  | 'flush'; // each session sends them along with its statements: what others write is not in it

/** What a database has of the change log. */
export interface FoundLog {
  readonly namespace: string;
  readonly hasTable: boolean;
  /** Whether the functions around the log are those of this version. */
  readonly hasFunctions: boolean;
  /** Table → the text of its trigger function, where all triggers are in place and always fire. */
  readonly triggers: ReadonlyMap<string, string>;
}

const LOG = `select current_schema()::text as namespace,
  exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = current_schema() and c.relname = '${LOG_TABLE}' and c.relkind = 'r') as log,
  (select jsonb_object_agg(p.proname, p.prosrc) from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = current_schema() and p.proname = any($1::text[])) as functions`;

const TRIGGERS = `select c.relname::text as table, min(p.prosrc) as source
  from pg_trigger g
  join pg_class c on c.oid = g.tgrelid
  join pg_namespace n on n.oid = c.relnamespace and n.nspname = current_schema()
  join pg_proc p on p.oid = g.tgfoid
  where not g.tgisinternal and g.tgenabled = 'A' and p.prosecdef and g.tgname = any($2::text[]) and c.relname = any($1::text[])
  group by c.relname having count(*) = cardinality($2::text[]) and count(distinct p.oid) = 1`;

/** Reads what a database has of the change log of a schema's tables. */
export async function readLog(ask: AskCatalog, schema: Schema): Promise<FoundLog> {
  const functions = logFunctions('').map(({ name }) => name);
  const [found = {}] = await ask(LOG, [functions]);
  const namespace = String(found['namespace']);
  const sources = new Map(Object.entries(found['functions'] ?? {}));
  const triggers = await ask(TRIGGERS, [schema.tables.map(({ table }) => table), [...LOG_TRIGGERS]]);
  return {
    namespace,
    hasTable: found['log'] === true,
    hasFunctions: logFunctions(namespace).every(({ name, source }) => sources.get(name) === source),
    triggers: new Map(triggers.map((row) => [String(row['table']), String(row['source'])])),
  };
}

/** Whether every change of what a model reads reaches the log, and is told apart by columns; another program's model may know more of them. */
export function isWatched(table: TableSchema, { namespace, triggers }: Pick<FoundLog, 'namespace' | 'triggers'>): boolean {
  const source = triggers.get(table.table);
  const columns = source === undefined ? undefined : watchedColumns(source);
  const wanted = watchedTable(table);
  return columns !== undefined && wanted.columns.every((column) => columns.includes(column)) && source === triggerSource(namespace, { ...wanted, columns });
}

/**
 * The statements that let every change of a schema's tables reach the log; none when they do already.
 *
 * @param views - tables that are none, and cannot be watched
 * @param altered - tables whose rows a migration rewrites where no trigger sees it
 */
export function planLog(schema: Schema, found: FoundLog, { mode, views, altered }: { readonly mode: LogMode; readonly views: ReadonlySet<string>; readonly altered: ReadonlySet<string> }): readonly string[] {
  const { namespace } = found;
  const statements = [...found.hasTable ? [] : createLog(namespace), ...found.hasFunctions ? [] : createLogFunctions(namespace)];
  for (const table of schema.tables) {
    if (views.has(table.table)) continue;
    const source = found.triggers.get(table.table);
    const watched = watchedTable(table);
    if (mode === 'triggers' && source !== triggerSource(namespace, watched)) {
      statements.push(createTriggerFunction(namespace, watched));
      if (source === undefined) statements.push(...createTriggers(table.table));
    }
    // What programs with the schema of before hold of it may mean something else now.
    if (altered.has(table.table)) statements.push(`insert into ${logTable(namespace)} (model) values (${literal(table.table)})`);
  }
  return statements;
}
