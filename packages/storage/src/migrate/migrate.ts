import { ConstraintError, type MigrateOptions, type MigrationReport, type PlanOptions, type Schema, type Session } from '@ormolu/kernel';
import { planLog, readLog, type LogMode } from '../change-log/plan-log';
import type { SqlTransaction } from '../sql-transaction';
import { DescribedRows } from '../wire/described-rows';
import { plainStatement, type Statement } from '../wire/statement';
import { textParameter } from '../wire/text-form';
import { readCatalog, type AskCatalog } from './catalog';
import { readTaken } from './index-names';
import { MigrationRefusedError, planMigration, type MigrationPlan } from './plan';

/** The number under which everybody who migrates a database takes turns: the letters "Ormolu". */
const LOCK = 0x4f726d6f6c75n;

/** How changes get into the change log; undefined: this program has no part in it. */
interface LogOption {
  readonly log: LogMode | undefined;
  /** Whether event triggers are to tell who alters tables, where this role may let them. */
  readonly eventTriggers: boolean;
}

/** Says what a migration would do, in a transaction that only reads. */
export async function plan(schema: Schema, transaction: SqlTransaction, options: PlanOptions & LogOption): Promise<MigrationReport> {
  try {
    return reportOf(await planAll(schema, askIn(transaction), options));
  } finally {
    await transaction.rollback();
  }
}

/**
 * Brings a database to a schema: one transaction, in which one process at a time looks at what there is and adds what is missing.
 *
 * @param options - `session`: on the same transaction, for whoever fills new columns
 * @throws {MisuseError} STORAGE_MIGRATION_REFUSED when something there would have to be lost or reinterpreted; nothing is changed then
 */
export async function migrate(schema: Schema, transaction: SqlTransaction, { fill, session, ...options }: MigrateOptions & LogOption & { readonly session: Session }): Promise<MigrationReport> {
  const ask = askIn(transaction);
  const runAll = async (statements: readonly string[]): Promise<void> => {
    for (const text of statements) await transaction.run('migrate', { statement: plainStatement(text), context: {} });
  };
  try {
    // It takes its turn, and fills as many records as there are: a bound that is meant for sessions is none for it.
    await runAll(['set local statement_timeout = 0']);
    await ask('select pg_advisory_xact_lock($1::int8)', [LOCK]);
    const steps = await planAll(schema, ask, options);
    await runAll(steps.before);
    if (steps.added.length > 0) await fill?.(session, steps.added);
    await refusing(() => runAll(steps.after));
    await transaction.commit();
    return reportOf(steps);
  } catch (error) {
    await transaction.rollback();
    throw error;
  }
}

/** What the tables need, and behind it what lets their changes reach the log. */
async function planAll(schema: Schema, ask: AskCatalog, { log, eventTriggers, ...options }: PlanOptions & LogOption): Promise<MigrationPlan> {
  const found = await readCatalog(ask, schema);
  const steps = planMigration(schema, found, { ...options, taken: await readTaken(ask, schema) });
  const views = new Set([...found.values()].filter(({ kind }) => kind !== 'table').map(({ name }) => name));
  const dropped = new Set(steps.dropped.map(({ table, column }) => JSON.stringify([table, column])));
  const columns = new Map([...found.values()].map(({ name, columns }) => [name, [...columns.keys()].filter((column) => !dropped.has(JSON.stringify([name, column])))]));
  return { ...steps, after: [...steps.after, ...planLog(schema, await readLog(ask, schema), { mode: log, eventTriggers, views, altered: steps.altered, columns })] };
}

/** What existing records do not fulfil is the migration's concern, and not that of a statement. */
async function refusing(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw error instanceof ConstraintError
      ? new MigrationRefusedError(`Existing records do not fulfil what the model now asks of them. ${error.message} Mend the records, then migrate.`, error.details, error)
      : error;
  }
}

/** Asks a database about itself in an open transaction. */
export function askIn(transaction: SqlTransaction): AskCatalog {
  return async (text, parameters) => {
    const rows = new DescribedRows();
    const statement: Statement = { text, parameters: parameters.map(textParameter), results: 'described' };
    await transaction.run('migrate', { statement, sink: rows, context: {} });
    return rows.rows;
  };
}

/** What a plan tells its caller. */
export function reportOf({ before, after, added }: MigrationPlan): MigrationReport {
  return { statements: [...before, ...after], added };
}
