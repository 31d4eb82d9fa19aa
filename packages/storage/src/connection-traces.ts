/*
 * What statements may leave on a connection beyond their transaction, and how it is taken away.
 */

/** After statements that are known to leave something. It forgets plans, too, which the next transaction makes anew. */
export const FORGET_ALL: readonly string[] = ['discard all'];
/** After all others: functions that they call may have set and locked what nobody is told of. */
export const FORGET_SETTINGS: readonly string[] = ['reset all', 'reset role', 'unlisten *', 'select pg_advisory_unlock_all()', 'discard temp'];

/** What is kept beyond a transaction by functions and tables, which no tag tells. */
const TOUCHING = /\bset_config\b|\badvisory_lock|\btemp(?:orary)?\b|\bpg_temp\b/i;

/** Whether a statement leaves something on its connection. */
export function touchesConnection(text: string, tags: readonly string[]): boolean {
  return (tags.length > 0 && !/^\s*set\s+local\s/i.test(text)) || TOUCHING.test(text);
}
