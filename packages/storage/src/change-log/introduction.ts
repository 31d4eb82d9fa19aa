import { parseSnapshot, type Schema, type Snapshot } from '@ormolu/kernel';
import { createHash } from 'node:crypto';
import { RAISE_VERSION, type AskCatalog } from '../migrate/catalog';
import { quoted } from '../statements/identifiers';
import { LOG_TRIGGERS, logTable, POLL_FUNCTION, STANDING_FUNCTION } from './log-objects';
import { isWatched, readLog, type LogMode } from './plan-log';
import { crashOf, RUNNING } from './running';
import { PLACE, STANDING, STRUCTURE } from './structure';

/** What a process has to know of a server before it polls the log there. Holds for one schema, until the server or the log is another. */
export interface Introduction {
  /** The log's table, quoted; undefined when there is none that can be read. */
  readonly log: string | undefined;
  /** Where it is, with the functions around it; quoted. */
  readonly namespace: string;
  /** The function that polls it, quoted; undefined where it is not there, and statements do. */
  readonly poll: string | undefined;
  /** The function that is asked behind a COMMIT, quoted; undefined where it is not there, and how tables hang together has to do. */
  readonly standing: string | undefined;
  /** Who had committed when it was asked for: of tables that others have altered, it knows nothing. */
  readonly seen: Snapshot;
  /** Whether the database itself tells who alters tables. */
  readonly tellsTables: boolean;
  /** What a session finds at each beginning when it is on this server and log: see `homeOf`. */
  readonly home: string;
  /** Of the server, the database and whoever reads; the timeline comes with each poll. */
  readonly epoch: string;
  /** Of the server, the database and its log, whoever reads; the timeline comes with each poll, too. */
  readonly lineage: string;
  /** Model → why it may not be kept; `*`: why none may. */
  readonly uncachable: ReadonlyMap<string, string>;
  /** The namespace and the role, as `PLACE` tells them: elsewhere the same names are other tables, or not all of their rows. */
  readonly place: string;
  /** Says which models may not be kept, since when the others may, what this role may not read, and where more may change than is written: what was read while one might not, or while it might, is of another epoch. */
  readonly mark: string;
  /** Table → the tables whose rows go or change with its rows. */
  readonly cascades: ReadonlyMap<string, readonly string[]>;
  /** Table → those that it inherits from, or is a partition of, and those that do so from it: their rows are its own, and the log names but the one that a statement does. */
  readonly kin: ReadonlyMap<string, readonly string[]>;
  /** Tables with triggers, rules or updating foreign keys of others, or with defaults, checks, indexes or policies that call functions of others, and views, whose rows are those of other tables: what a statement changes there, nobody knows beforehand. */
  readonly unpredictable: ReadonlySet<string>;
  /** Views, and tables with policies, that call functions which the database does not bring along: who asks them may write, without being told. */
  readonly calling: ReadonlySet<string>;
  /** Tables of which nothing may be kept: of what becomes of their rows, the log tells not all, or by another table's name. */
  readonly untold: readonly string[];
  /** Tables of which this role may read every column. */
  readonly readable: ReadonlySet<string>;
  /** How tables hang together, as `STRUCTURE` tells it: another one may do what was not foreseen. */
  readonly structure: string;
}

const SERVER = `select current_schema()::text as namespace, current_user::text as role, pg_is_in_recovery() as standby, current_setting('synchronous_commit') as commit,
  (select oid::text from pg_database where datname = current_database()) as database,
  (select system_identifier::text from pg_control_system()) as system,
  ${RUNNING} as started, ${PLACE} as place, ${STANDING} as standing,
  to_regclass($1)::oid::text as log, coalesce(has_table_privilege(to_regclass($1), 'select'), false) as readable`;

/** Whether a log has rows of transactions to come, which were those of the server that it was restored from: of each it would be believed, once there is one of its number here, that it did what that row says. */
const askRestored = (log: string): string => `select exists (select from ${log} l where l.xid >= pg_snapshot_xmax(pg_current_snapshot()) and l.xid is distinct from pg_current_xact_id_if_assigned()) as restored`;

/** What the server brings along and yet may do anything: it runs a text, reads a cursor or a table of any name, or turns to another namespace. */
const RUNNING_TEXTS = [
  ...['query', 'cursor', 'table', 'schema', 'database'].flatMap((of) => [`${of}_to_xml`, `${of}_to_xmlschema`, `${of}_to_xml_and_xmlschema`]),
  'ts_stat', 'ts_rewrite', 'set_config',
];

/** Libraries of extensions whose functions run texts, too. */
const RUNNING_LIBRARIES = '{$libdir/tablefunc,$libdir/pgxml}';

/** Tables that deletions reach, also those of other programs and namespaces, from which they may come back to ours. */
const TABLES = `with recursive reached(oid) as (
    select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = current_schema() where c.relname = any($1::text[])
    union
    select k.conrelid from reached join pg_constraint k on k.confrelid = reached.oid and k.contype = 'f' and k.confdeltype in ('c', 'n', 'd')
  ), parts(of, writes, class, oid) as (
    select reached.oid, first.* from reached cross join lateral (
      select false, 'pg_class'::regclass::oid, reached.oid
      union all select true, 'pg_attrdef'::regclass::oid, e.oid from pg_attrdef e where e.adrelid = reached.oid
      union all select true, 'pg_constraint'::regclass::oid, k.oid from pg_constraint k where k.conrelid = reached.oid and k.contype in ('c', 'x')
      union all select true, 'pg_type'::regclass::oid, a.atttypid from pg_attribute a join pg_type y on y.oid = a.atttypid and y.typtype = 'd' where a.attrelid = reached.oid and a.attnum > 0 and not a.attisdropped
      union all select true, d.refclassid, d.refobjid from pg_index i join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = i.indexrelid where i.indrelid = reached.oid and d.refclassid = any('{pg_proc,pg_operator}'::regclass[])
    ) first(writes, class, oid)
    union
    select parts.of, parts.writes, next.class, next.oid from parts cross join lateral (${partsOf('parts')}) next(class, oid)
  ), calling(of, writes) as (
    select parts.of, parts.writes from parts where ${isForeignCode('parts')}
    union all select parts.of, parts.writes from parts cross join lateral (${treesOf('parts')}) expression(tree) where expression.tree ~ (select concat(':(func|opfunc)id (', string_agg(p.oid::text, '|'), ') ') from pg_proc p where p.pronamespace = 'pg_catalog'::regnamespace and p.proname = any('{${RUNNING_TEXTS.join(',')}}'))
  )
  select ${nameOf('c')} as table, has_table_privilege(c.oid, 'select') as readable,
    array_to_json(case when not has_table_privilege(c.oid, 'select') then array(select a.attname::text from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and not has_column_privilege(c.oid, a.attnum, 'select') order by 1) end) as hidden,
    c.relkind::text as kind, c.relpersistence::text as persistence, c.relispartition as partition, c.relrowsecurity as policies,
    exists (select from pg_inherits i where c.oid in (i.inhparent, i.inhrelid)) as inherits,
    exists (select from pg_subscription_rel s where s.srrelid = c.oid) as subscribed,
    c.relkind <> 'r' or exists (select from pg_inherits i where c.oid in (i.inhparent, i.inhrelid)) or exists (select from pg_trigger g join pg_proc p on p.oid = g.tgfoid where g.tgrelid = c.oid and not g.tgisinternal and g.tgname <> all($2::text[]) and p.proname <> '${RAISE_VERSION}')
      or exists (select from pg_rewrite r where r.ev_class = c.oid and r.rulename <> '_RETURN')
      or exists (select from pg_constraint k where k.contype = 'f' and k.confrelid = c.oid and k.confupdtype in ('c', 'n', 'd'))
      or exists (select from calling where calling.of = c.oid) as unpredictable,
    exists (select from calling where calling.of = c.oid and not calling.writes) as calling,
    array_to_json(array(select distinct ${nameOf('t')} from pg_constraint k join pg_class t on t.oid = k.conrelid where k.contype = 'f' and k.confrelid = c.oid and k.confdeltype in ('c', 'n', 'd'))) as cascades,
    array_to_json(array(with recursive above(oid) as (select c.oid union select i.inhparent from above join pg_inherits i on i.inhrelid = above.oid), below(oid) as (select c.oid union select i.inhrelid from below join pg_inherits i on i.inhparent = below.oid)
      select ${nameOf('t')} from pg_class t where t.oid <> c.oid and t.oid in (select oid from above union select oid from below))) as kin
  from reached join pg_class c on c.oid = reached.oid
  where c.relkind = any('{r,p,v,m,f}')`;

/** A table's name; of those in other namespaces, with theirs. */
function nameOf(table: string): string {
  return `(select case when n.nspname = current_schema() then ${table}.relname::text else concat(n.nspname, '.', ${table}.relname) end from pg_namespace n where n.oid = ${table}.relnamespace)`;
}

/** What a view's question, a policy, a default, a check, an operator or a domain is made of, part by part: what is built in leaves no trace among dependencies. */
function partsOf(part: string): string {
  return `select 'pg_rewrite'::regclass::oid, r.oid from pg_rewrite r where ${part}.class = 'pg_class'::regclass and r.ev_class = ${part}.oid and r.rulename = '_RETURN'
      union all select 'pg_policy'::regclass::oid, y.oid from pg_policy y where ${part}.class = 'pg_class'::regclass and y.polrelid = ${part}.oid
      union all select 'pg_constraint'::regclass::oid, k.oid from pg_constraint k where ${part}.class = 'pg_type'::regclass and k.contypid = ${part}.oid
      union all select d.refclassid, d.refobjid from pg_depend d where ${part}.class <> all('{pg_class,pg_proc}'::regclass[]) and d.classid = ${part}.class and d.objid = ${part}.oid and d.refclassid = any('{pg_class,pg_proc,pg_operator,pg_type}'::regclass[])`;
}

/** The expressions of a part, as the server keeps them: of what is built in, they alone have a trace. What indexes call may not be of this kind. */
function treesOf(part: string): string {
  return `select r.ev_action::text from pg_rewrite r where ${part}.class = 'pg_rewrite'::regclass and r.oid = ${part}.oid
      union all select concat(y.polqual::text, y.polwithcheck::text) from pg_policy y where ${part}.class = 'pg_policy'::regclass and y.oid = ${part}.oid
      union all select e.adbin::text from pg_attrdef e where ${part}.class = 'pg_attrdef'::regclass and e.oid = ${part}.oid
      union all select k.conbin::text from pg_constraint k where ${part}.class = 'pg_constraint'::regclass and k.oid = ${part}.oid
      union all select y.typdefaultbin::text from pg_type y where ${part}.class = 'pg_type'::regclass and y.oid = ${part}.oid`;
}

/** Whether a part is a function that may do anything. Those written in C are extensions', which compute, but for a few; one that is internal, and not of the server, is another name for anything. */
function isForeignCode(part: string): string {
  return `${part}.class = 'pg_proc'::regclass and exists (select from pg_proc p join pg_language l on l.oid = p.prolang where p.oid = ${part}.oid and (l.lanname <> all('{c,internal}') or p.prokind = 'a' or (l.lanname = 'internal' and p.pronamespace <> 'pg_catalog'::regnamespace) or p.probin = any('${RUNNING_LIBRARIES}')))`;
}

/**
 * Looks whether the log can be relied on: once for a schema, and again for another server.
 *
 * @param isEmbedded - the database lives in this process, so that a crash takes the caches with it
 */
export async function introduce(ask: AskCatalog, schema: Schema, { mode, isEmbedded }: { readonly mode: LogMode; readonly isEmbedded: boolean }): Promise<Introduction> {
  // First: what is made meanwhile is met with the next poll. These questions are long and find little: to compile one would take a hundred times as long as to answer it.
  const [{ structure, seen } = {}] = await ask(`select ${STRUCTURE} as structure, pg_current_snapshot()::text as seen, set_config('jit', 'off', true)`, []);
  const found = await readLog(ask, schema);
  const log = logTable(found.namespace);
  const [server = {}] = await ask(SERVER, [log]);
  const tables = new Map((await ask(TABLES, [schema.tables.map(({ table }) => table), [...LOG_TRIGGERS]])).map((row) => [String(row['table']), row]));
  const [{ restored } = {}] = found.hasTable && server['readable'] === true ? await ask(askRestored(log), []) : [];
  const uncachable = new Map<string, string>();
  const untold: string[] = [];
  const all = !found.hasTable ? 'the database has no change log: run db.migrate(), as a role that owns the tables'
    : server['standby'] === true ? 'the server is a standby, whose own commits are those of another'
      : server['readable'] !== true ? `the role '${String(server['role'])}' may not read the change log: grant select on ${log}`
        : server['commit'] === 'off' && !isEmbedded ? 'the server runs with synchronous_commit = off: a crash would lose commits that caches have seen'
          : restored === true ? 'the change log was restored from another server, and has rows of transactions that are still to come on this one: run db.migrate(), as a role that owns the tables'
            : undefined;
  if (all !== undefined) uncachable.set('*', all);
  for (const table of schema.tables) {
    if (table.aside) continue;
    const reason = whyUncachable(tables.get(table.table)) ?? (mode === 'triggers' && !isWatched(table, found) ? 'its changes do not all reach the change log: run db.migrate(), as the role that owns its table' : undefined);
    if (reason === undefined) continue;
    uncachable.set(table.model, reason);
    untold.push(table.table);
  }
  return {
    log: all === undefined ? log : undefined,
    namespace: quoted(found.namespace),
    poll: all === undefined && found.hasPoll ? `${quoted(found.namespace)}.${quoted(POLL_FUNCTION)}` : undefined,
    standing: all === undefined && found.hasStanding ? `${quoted(found.namespace)}.${quoted(STANDING_FUNCTION)}` : undefined,
    seen: parseSnapshot(String(seen)) ?? NOBODY,
    tellsTables: found.tellsTables,
    home: homeOf(String(server['started']), String(server['log']), String(server['standing'])),
    epoch: [server['system'], server['database'], server['log'], found.namespace, server['role'], crashOf(String(server['started']))].map(String).join('/'),
    lineage: [server['system'], server['database'], server['log'], crashOf(String(server['started']))].map(String).join('/'),
    uncachable,
    place: String(server['place']),
    mark: [...[...uncachable.keys()].sort().map((model) => `-${model}`), '@', createHash('sha256').update(JSON.stringify([[...found.made].sort(), hiddenColumns(tables), namesOf(tables, 'unpredictable').sort()])).digest('hex').slice(0, 16)].join(''),
    cascades: new Map([...tables].map(([name, row]) => [name, row['cascades'] as string[]])), // names, as the statement makes them
    kin: new Map([...tables].map(([name, row]) => [name, row['kin'] as string[]])), // likewise
    unpredictable: new Set(namesOf(tables, 'unpredictable')),
    calling: new Set(namesOf(tables, 'calling')),
    untold,
    readable: new Set(namesOf(tables, 'readable')),
    structure: String(structure),
  };
}

const NOBODY: Snapshot = { xmin: 0n, xmax: 0n, inProgress: [] };

/** The tables whose rows the database may change along when it deletes rows of another, by its foreign keys. */
export function reachedFrom({ cascades }: Introduction, table: string): readonly string[] {
  const reached = new Set<string>();
  const pending = [table];
  for (let from = pending.pop(); from !== undefined; from = pending.pop()) {
    for (const next of cascades.get(from) ?? []) {
      if (reached.has(next)) continue;
      reached.add(next);
      pending.push(next);
    }
  }
  return [...reached];
}

/** What tells one server, database and namespace with its log from another, as cheaply as it can be had with every poll. */
export function homeOf(started: string, log: string, standing: string): string {
  return `${started}/${log}/${standing}`;
}

/** Whether a transaction has begun where, and with such tables as, the introduction was made with. */
export function isIntroducedBy({ home, structure }: Introduction, beginning: Pick<Introduction, 'home' | 'structure'>): boolean {
  return beginning.home === home && beginning.structure === structure;
}

/** The tables of which something holds. */
function namesOf(tables: ReadonlyMap<string, Readonly<Record<string, unknown>>>, what: 'unpredictable' | 'calling' | 'readable'): string[] {
  return [...tables].filter(([, row]) => row[what] === true).map(([name]) => name);
}

/** Table → the columns that this role may not read, where there are any. */
function hiddenColumns(tables: ReadonlyMap<string, Readonly<Record<string, unknown>>>): readonly (readonly [string, unknown])[] {
  return [...tables].flatMap(([name, { hidden }]) => (Array.isArray(hidden) && hidden.length > 0 ? [[name, hidden] as const] : [])).sort(([one], [other]) => (one < other ? -1 : 1));
}

function whyUncachable(row: Readonly<Record<string, unknown>> | undefined): string | undefined {
  if (!row) return 'it has no table: run db.migrate()';
  if (row['kind'] === 'f') return 'it is a foreign table, whose rows change elsewhere; a table here that they are copied to would be kept';
  if (row['kind'] === 'v' || row['kind'] === 'm') return 'it is a view, whose rows change with those of its tables; a model of a table would be kept';
  if (row['kind'] === 'p' || row['partition'] === true || row['inherits'] === true) return 'its rows are spread over partitions or inheriting tables, which can be written directly; a table of its own would be kept';
  if (row['persistence'] !== 'p') return 'its table is temporary or unlogged: a crash empties it; `alter table … set logged` would let it be kept';
  if (row['policies'] === true) return 'row security decides which of its rows are seen, by more than is known here; without it, it would be kept';
  return row['subscribed'] === true ? 'logical replication writes to it, past statement triggers; ask the publisher, or do without a cache' : undefined;
}
