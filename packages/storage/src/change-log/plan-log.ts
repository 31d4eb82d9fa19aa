import { TABLES_SIGNAL, type Schema, type TableSchema } from '@ormolu/kernel';
import type { AskCatalog } from '../migrate/catalog';
import { literal } from '../statements/identifiers';
import { createLog, createLogFunctions, createTriggerFunction, createTriggers, LOG_TABLE, LOG_TRIGGERS, logFunctions, logTable, POLL_FUNCTION, STANDING_FUNCTION, triggerFunction, triggerSource, watchedColumns, watchedTable } from './log-objects';
import { askTables, createTables } from './table-watch';

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
  /** Whether that is there, and may be used, by which the log is polled at little cost; an older migration has not made it. */
  readonly hasPoll: boolean;
  /** The same of what is asked behind a COMMIT. */
  readonly hasStanding: boolean;
  /** Whether the database itself tells who makes, alters or drops tables. */
  readonly tellsTables: boolean;
  /** Whether this role may let it. */
  readonly mayTellTables: boolean;
  /** Table → the text of its trigger function, where all triggers are in place, call that of the table and always fire. */
  readonly triggers: ReadonlyMap<string, string>;
  /** Table → by which transactions its triggers were made, or switched off and on again. */
  readonly made: ReadonlyMap<string, string>;
  /** Whether this role may make the log, or replace its functions. */
  readonly mayCreate: boolean;
  /** The tables and functions of other roles, which this one cannot alter. */
  readonly foreign: ReadonlySet<string>;
}

const LOG = `select current_schema()::text as namespace,
  exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = current_schema() and c.relname = '${LOG_TABLE}' and c.relkind = 'r') as log,
  (select jsonb_object_agg(p.proname, p.prosrc) from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = current_schema() and p.proname = any($1::text[])) as functions,
  coalesce(has_function_privilege(to_regprocedure(quote_ident(current_schema()) || '.${POLL_FUNCTION}(xid8, xid8[])'), 'execute'), false) as poll,
  coalesce(has_function_privilege(to_regprocedure(quote_ident(current_schema()) || '.${STANDING_FUNCTION}(xid8, xid8[])'), 'execute'), false) as standing,
  has_schema_privilege(current_schema(), 'create') as "mayCreate"`;

const FOREIGN = `select c.relname::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = current_schema() and c.relname = any($1::text[]) and not pg_has_role(c.relowner, 'usage')
  union all
  select p.proname::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = current_schema() and p.proname = any($2::text[]) and not pg_has_role(p.proowner, 'usage')`;

const TRIGGERS = `select c.relname::text as table, min(p.prosrc) as source, min(p.proname::text) as function, string_agg(g.xmin::text, ' ' order by g.oid) as made
  from pg_trigger g
  join pg_class c on c.oid = g.tgrelid
  join pg_namespace n on n.oid = c.relnamespace and n.nspname = current_schema()
  join pg_proc p on p.oid = g.tgfoid
  where not g.tgisinternal and g.tgenabled = 'A' and p.prosecdef and p.pronamespace = n.oid and g.tgname = any($2::text[]) and c.relname = any($1::text[])
  group by c.relname having count(*) = cardinality($2::text[]) and count(distinct p.oid) = 1`;

/** Reads what a database has of the change log of a schema's tables. */
export async function readLog(ask: AskCatalog, schema: Schema): Promise<FoundLog> {
  const functions = logFunctions('').map(({ name }) => name);
  const [found = {}] = await ask(LOG, [functions]);
  const namespace = String(found['namespace']);
  const sources = new Map(Object.entries(found['functions'] ?? {}));
  const tables = schema.tables.map(({ table }) => table);
  const [told = {}] = await ask(askTables(namespace), []);
  const triggers = await ask(TRIGGERS, [tables, [...LOG_TRIGGERS]]);
  const foreign = await ask(FOREIGN, [tables, [...functions, ...tables.map(triggerFunction)]]);
  return {
    namespace,
    hasTable: found['log'] === true,
    hasFunctions: logFunctions(namespace).every(({ name, source }) => sources.get(name) === source),
    hasPoll: found['poll'] === true,
    hasStanding: found['standing'] === true,
    tellsTables: told['told'] === true,
    mayTellTables: told['may'] === true,
    triggers: new Map(triggers.filter((row) => row['function'] === triggerFunction(String(row['table']))).map((row) => [String(row['table']), String(row['source'])])),
    made: new Map(triggers.map((row) => [String(row['table']), String(row['made'])])),
    mayCreate: found['mayCreate'] === true,
    foreign: new Set(foreign.map((row) => String(row['name']))),
  };
}

/** Whether every change of what a model reads reaches the log, and is told apart by columns; another program's model may know more of them. */
export function isWatched(table: TableSchema, { namespace, triggers }: Pick<FoundLog, 'namespace' | 'triggers'>): boolean {
  const source = triggers.get(table.table);
  const columns = source === undefined ? undefined : watchedColumns(source);
  const wanted = watchedTable(table);
  return columns !== undefined && wanted.columns.every((column) => columns.includes(column)) && source === triggerSource(namespace, { ...wanted, columns });
}

/** What a migration makes of the tables. */
export interface PlannedTables {
  /** Undefined: the program that migrates has no part in the log; those that have are told what it does all the same. */
  readonly mode: LogMode | undefined;
  /** Whether event triggers are to tell who alters tables, where this role may let them. */
  readonly eventTriggers: boolean;
  /** Tables that are none, and cannot be watched. */
  readonly views: ReadonlySet<string>;
  /** Tables whose rows a migration rewrites where no trigger sees it. */
  readonly altered: ReadonlySet<string>;
  /** Table → the columns it had, without those that the migration drops. */
  readonly columns: ReadonlyMap<string, readonly string[]>;
}

/**
 * The statements that let every change of a schema's tables reach the log; none when they do already.
 *
 * What belongs to other roles is left as it is: a role that may only read and write has nothing to migrate, and its models are not kept.
 */
export function planLog(schema: Schema, found: FoundLog, { mode, eventTriggers, views, altered, columns }: PlannedTables): readonly string[] {
  const { namespace, foreign } = found;
  if (!found.hasTable && (mode === undefined || !found.mayCreate)) return [];
  const mayReplace = mode !== undefined && found.mayCreate && !logFunctions('').some(({ name }) => foreign.has(name));
  const statements = [...found.hasTable ? [] : createLog(namespace), ...found.hasFunctions || !mayReplace ? [] : createLogFunctions(namespace)];
  for (const table of schema.tables) {
    if (views.has(table.table) || table.aside) continue;
    const source = found.triggers.get(table.table);
    const watched = watchedTable(table, columns.get(table.table));
    const mayWatch = found.mayCreate && !foreign.has(table.table) && !foreign.has(triggerFunction(table.table));
    const isRewired = mode === 'triggers' && mayWatch && source !== triggerSource(namespace, watched);
    if (isRewired) {
      statements.push(createTriggerFunction(namespace, watched));
      if (source === undefined) statements.push(...createTriggers(table.table));
    }
    // What programs hold of it may mean something else now, or be of a table that is gone: nobody knows what happened without the triggers.
    const isNew = !columns.has(table.table);
    if (altered.has(table.table) || ((isRewired || isNew) && found.hasTable)) statements.push(`insert into ${logTable(namespace)} (model) values (${literal(table.table)}), (${literal(TABLES_SIGNAL)})`);
  }
  // Last: what stands before it is told where it has to be.
  if (eventTriggers && mode === 'triggers' && !found.tellsTables && found.mayTellTables && found.mayCreate) statements.push(...createTables(namespace));
  return statements;
}
