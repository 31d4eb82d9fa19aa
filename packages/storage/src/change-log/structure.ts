/** Beyond so many, tables that begin to inherit are met by the look that is taken now and then. */
const MOST_INHERITING = 1_000;

/**
 * Asks what tells whether the database may do something else behind a change than it did, or show something else: the trigger, the rule and the policy that
 * came into being last, foreign keys being triggers, too, and how many tables inherit. (The server plans `max` longer.)
 */
export const STRUCTURE: string = `concat((select oid from pg_trigger order by oid desc limit 1), '/', (select oid from pg_rewrite order by oid desc limit 1), '/', (select oid from pg_policy order by oid desc limit 1), '/', (select count(*) from (select from pg_inherits limit ${MOST_INHERITING}) i))`;

/** What a poll answers when nobody can have altered anything since the one before. */
export const SAME_STRUCTURE = '=';

/** Asks where names lead, and with whose rights. */
export const PLACE = 'concat(current_schema(), \'/\', current_user)';

/**
 * Asks in which database names lead where: a copy of a database has the numbers of all that is in it, and may have taken its name. Whoever connects again may be in
 * one, or may begin in another namespace than those before. (A table's path in the server's files has the database's number; looking that up by its name takes longer.)
 */
export const STANDING: string = `concat(pg_relation_filepath('pg_catalog.pg_class'::regclass), ' ', ${PLACE})`;

/**
 * Asks whether this transaction holds what only they take who alter or empty tables: then functions that SQL of the caller's own has called may have
 * done so. Null: it holds nothing of the kind; false: only of temporary tables, or of those that are gone.
 *
 * @param namespace - where the log's tables are, quoted
 * @param log - absent: it must not be read, and tables that were emptied are taken for altered, too
 */
export function askAltered(namespace: string, log: string | undefined): string {
  const isToldOf = log === undefined ? '' : ` and not exists (select from ${log} l where l.xid = pg_current_xact_id_if_assigned() and l.model = c.relname and l.id is null)`;
  return `(select bool_or(coalesce(c.relpersistence <> 't' and c.relnamespace = '${namespace.replaceAll('\'', '\'\'')}'::regnamespace, false)) from pg_locks k left join pg_class c on c.oid = k.relation
    where k.pid = pg_backend_pid() and k.locktype = 'relation' and k.mode in ('ShareRowExclusiveLock', 'AccessExclusiveLock') and coalesce(c.relkind <> all('{i,I,t,S,c}'), true)${isToldOf})`;
}
