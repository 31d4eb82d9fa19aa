import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import type { OwnPostgres } from './own-postgres';

/** Settings with which a server logs the text of every statement, and the values of none. */
export const LOGS_STATEMENTS: readonly string[] = ['log_statement=all', 'log_parameter_max_length=0', 'log_parameter_max_length_on_error=0', 'log_error_verbosity=terse', 'log_line_prefix=§'];

const told = new WeakMap<OwnPostgres, number>();

/** The texts of the statements that a server has run since the last call, as it logged them itself. */
export async function loggedStatements(server: OwnPostgres, admin: Client): Promise<readonly string[]> {
  // The log is written behind the answers, in their order on a connection: all that is awaited stands before this.
  const end = `end of the log ${randomUUID()}`;
  await admin.query(`select '${end}'`);
  let log = server.log();
  for (const deadline = Date.now() + 20_000; !log.includes(end) && Date.now() < deadline; log = server.log()) await new Promise((resolve) => { setTimeout(resolve, 20); });
  const from = told.get(server) ?? 0;
  const until = log.indexOf(end);
  if (until === -1) throw new Error('The server has not logged what it ran.');
  told.set(server, until + end.length);
  return log.slice(from, until).split('§').flatMap((line) => /^LOG: {2}(?:statement|execute [^:]*): ([^]*)$/.exec(line)?.[1]?.trim() ?? []);
}
