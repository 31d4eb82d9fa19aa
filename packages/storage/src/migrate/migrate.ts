import { ConstraintError, type MigrateOptions, type MigrationReport, type PlanOptions, type Schema, type Session } from '@ormolu/kernel';
import type { SqlTransaction } from '../sql-transaction';
import { DescribedRows } from '../wire/described-rows';
import { plainStatement, type Statement } from '../wire/statement';
import { textParameter } from '../wire/text-form';
import { readCatalog, type AskCatalog } from './catalog';
import { MigrationRefusedError, planMigration, type MigrationPlan } from './plan';

/** The number under which everybody who migrates a database takes turns: the letters "Ormolu". */
const LOCK = 0x4f726d6f6c75n;

/** Says what a migration would do, in a transaction that only reads. */
export async function plan(schema: Schema, transaction: SqlTransaction, options: PlanOptions): Promise<MigrationReport> {
  try {
    return reportOf(planMigration(schema, await readCatalog(askIn(transaction), schema), options));
  } finally {
    await transaction.rollback();
  }
}

/**
 * Brings a database to a schema: one transaction, in which one process at a time looks at what there is and adds what is missing.
 *
 * @param session - on the same transaction, for whoever fills new columns
 * @throws {MisuseError} STORAGE_MIGRATION_REFUSED when something there would have to be lost or reinterpreted; nothing is changed then
 */
export async function migrate(schema: Schema, transaction: SqlTransaction, { fill, ...options }: MigrateOptions, session: Session): Promise<MigrationReport> {
  const ask = askIn(transaction);
  const runAll = async (statements: readonly string[]): Promise<void> => {
    for (const text of statements) await transaction.run('migrate', { statement: plainStatement(text), context: {} });
  };
  try {
    await ask('select pg_advisory_xact_lock($1::int8)', [LOCK]);
    const steps = planMigration(schema, await readCatalog(ask, schema), options);
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

function askIn(transaction: SqlTransaction): AskCatalog {
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
