import { createHash } from 'node:crypto';
import { TABLES_SIGNAL } from '@ormolu/kernel';
import { literal, quoted } from '../statements/identifiers';
import { LOG_TABLE, logTable, SIGNAL_FUNCTION } from './log-objects';

/** The function that tells the log of statements which make, alter or drop what tables are made of. */
export const TABLES_FUNCTION = 'ormolu_log_tables';

/** When it is called: behind such a statement, and where it has dropped something. */
const EVENTS = ['ddl_command_end', 'sql_drop'] as const;

/** Statements behind which rows are what they were, and are found, judged and changed as before. */
const HARMLESS = ['COMMENT', 'REFRESH MATERIALIZED VIEW', 'REINDEX', 'ALTER DEFAULT PRIVILEGES', 'CREATE STATISTICS', 'ALTER STATISTICS', 'CREATE PUBLICATION', 'ALTER PUBLICATION'];

/** Roles of hosted servers that may make event triggers without being superusers. */
const HOSTED = '{rds_superuser}';

/** The name of an event trigger: a database has one set of them for all namespaces. PostgreSQL cuts longer names off silently. */
function eventTrigger(namespace: string, event: typeof EVENTS[number]): string {
  const kind = `${LOG_TABLE}_${event === 'sql_drop' ? 'drop' : 'end'}_`;
  return Buffer.byteLength(kind + namespace) <= 63 ? kind + namespace : kind + createHash('sha256').update(namespace).digest('hex').slice(0, 32);
}

/** Whether a role is one of those to whom the log may belong, and its namespace: superusers, and the one with whose rights it is written. */
function isTrusted(owner: string, writer: string): string {
  return `exists (select from pg_roles r join pg_roles o on o.oid = case r.rolname when 'pg_database_owner' then (select d.datdba from pg_database d where d.datname = current_database()) else r.oid end
    where r.oid = ${owner} and (o.rolsuper or o.oid = ${writer}))`;
}

const CURRENT_ROLE = '(select w.oid from pg_roles w where w.rolname = current_user)';

/** The log, with its namespace, where nobody could put something else in its place that does what he likes with the rights of whoever writes it. */
function trustedLog(namespace: string, writer: string): string {
  return `select from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = to_regclass(${literal(logTable(namespace))}) and ${isTrusted('c.relowner', writer)} and ${isTrusted('n.nspowner', writer)}`;
}

/**
 * The text of the function.
 *
 * It fails nobody's statement: where the log is gone there is nobody to tell, and where it cannot be written a warning says so. To whom it belongs is asked each time, since it may have been replaced. What belongs to a session alone is nothing to others; of a function among
 * that somebody else's table may be made. A table that comes is kept by nobody yet, and one that goes without triggers of the log was not: what refers to others, or inherits,
 * is told by the poll. One row for each transaction will do, unless reading the log could make others fail.
 */
export function tablesSource(namespace: string): string {
  const log = logTable(namespace);
  return `
declare
  matters bool;
begin
  begin
    if tg_tag = any(${literal(`{${HARMLESS.map((tag) => `"${tag}"`).join(',')}}`)}) then return; end if;
    if tg_event = 'sql_drop' then
      select coalesce(bool_or(tg_tag <> 'DROP TABLE' or d.object_type = 'table column' or (d.object_type = 'trigger' and d.address_names[3] like '${LOG_TABLE}%')), false) into matters
        from pg_event_trigger_dropped_objects() d where not d.is_temporary and (d.schema_name is not null or d.address_names[1] is distinct from 'pg_temp');
    elsif tg_tag like 'DROP %' and tg_tag <> 'DROP OWNED' then
      return;
    else
      select case when count(*) = 0 then tg_tag not like 'CREATE %' else bool_or(c.object_type <> 'sequence' and case
          when c.classid is null then true
          when tg_tag = any('{CREATE TABLE,CREATE TABLE AS,SELECT INTO}') then exists (select from pg_inherits i where i.inhrelid = c.objid)
          when c.classid = 'pg_class'::regclass or c.classid = 'pg_type'::regclass then c.schema_name is distinct from 'pg_temp'
          when c.classid = 'pg_proc'::regclass then c.schema_name is distinct from 'pg_temp' or exists (select from pg_depend d where d.refclassid = c.classid and d.refobjid = c.objid)
          when c.classid = any('{pg_trigger,pg_rewrite,pg_policy}'::regclass[]) then not exists (select from pg_class t where t.relpersistence = 't' and t.oid = case c.classid::regclass::text
            when 'pg_trigger' then (select g.tgrelid from pg_trigger g where g.oid = c.objid)
            when 'pg_rewrite' then (select r.ev_class from pg_rewrite r where r.oid = c.objid)
            else (select p.polrelid from pg_policy p where p.oid = c.objid) end)
          else true end) end into matters from pg_event_trigger_ddl_commands() c;
    end if;
  exception when others then
    matters := true;
  end;
  if not matters then return; end if;
  lock table ${log} in row exclusive mode;
  if not exists (${trustedLog(namespace, CURRENT_ROLE)}) then
    raise warning 'Caches are not told what this statement has altered, and go on with what was: their change log belongs to a role that is not trusted to have it written with the rights of %', current_user;
    return;
  end if;
  if current_setting('transaction_isolation') <> 'serializable' and exists (select from ${log} l where l.xid = pg_current_xact_id_if_assigned() and l.model = ${literal(TABLES_SIGNAL)}) then return; end if;
  insert into ${log} (model) values (${literal(TABLES_SIGNAL)});
exception
  when undefined_table or invalid_schema_name then null;
  when others then raise warning 'Caches are not told what this statement has altered, and go on with what was: %', sqlerrm
    using hint = ${literal(`Tell them with: select ${quoted(namespace)}.${SIGNAL_FUNCTION}(array['${TABLES_SIGNAL}'])`)};
end`;
}

/**
 * Asks whether statements that alter tables are told of, and whether this role may let them be.
 *
 * It may where nobody else could make its function, which runs with its rights for everybody, do something else: through the namespace, or through the log itself.
 */
export function askTables(namespace: string): string {
  const called = `n.nspname = ${literal(namespace)} and p.proname = '${TABLES_FUNCTION}' and p.pronargs = 0`;
  // Of a namespace that was renamed, those of its old name may still be there.
  return `select (select count(distinct e.evtevent) from pg_event_trigger e join pg_proc p on p.oid = e.evtfoid join pg_namespace n on n.oid = p.pronamespace
      where ${called} and p.prosecdef and p.prosrc = ${literal(tablesSource(namespace))} and e.evtenabled = 'A' and e.evtevent = any('{${EVENTS.join(',')}}') and e.evttags is null
      and has_table_privilege(p.proowner, to_regclass(${literal(logTable(namespace))}), 'insert') and exists (${trustedLog(namespace, 'p.proowner')})) = ${EVENTS.length} as told,
    exists (select from pg_roles r where r.rolname = current_user and (r.rolsuper or exists (select from pg_roles h where h.rolname = any('${HOSTED}') and pg_has_role(h.oid, 'usage'))))
      and exists (select from pg_namespace n where n.nspname = ${literal(namespace)} and ${isTrusted('n.nspowner', CURRENT_ROLE)})
      and (to_regclass(${literal(logTable(namespace))}) is null or exists (${trustedLog(namespace, CURRENT_ROLE)}))
      and not exists (select from pg_proc p join pg_namespace n on n.oid = p.pronamespace where ${called} and p.prorettype <> 'event_trigger'::regtype) as may`;
}

/** The statements that let them be told of. Where a hosted server refuses it all the same, nothing is the worse for it. */
export function createTables(namespace: string): readonly string[] {
  const called = `${quoted(namespace)}.${quoted(TABLES_FUNCTION)}()`;
  const names = EVENTS.map((event) => eventTrigger(namespace, event));
  const others = `begin for other in select e.evtname from pg_event_trigger e where e.evtfoid = to_regprocedure(${literal(called)}) and e.evtname <> all(array[${names.map(literal).join(', ')}]) loop execute format('drop event trigger %I', other); end loop; exception when insufficient_privilege then null; end;`;
  const made = EVENTS.map((event) => {
    const name = quoted(eventTrigger(namespace, event));
    return `drop event trigger if exists ${name}; create event trigger ${name} on ${event} execute function ${called}; alter event trigger ${name} enable always;`;
  });
  return [
    `create or replace function ${called} returns event_trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as ${literal(tablesSource(namespace))}`,
    // Whoever owned one of this name could let it do something else.
    `alter function ${called} owner to current_user`,
    `do ${literal(`declare other name; begin ${others} ${made.join(' ')} exception when insufficient_privilege then null; end`)}`,
  ];
}
