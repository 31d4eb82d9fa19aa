import { ConstraintError, type Schema } from '@ormolu/kernel';
import type { SqlTransaction } from '../sql-transaction';
import type { Statement } from '../wire/statement';
import { DescribedRows } from '../wire/described-rows';
import { textParameter } from '../wire/text-form';
import { readCatalog, type AskCatalog } from './catalog';
import { MigrationRefusedError, planMigration } from './plan';

/** The number under which everybody who migrates a database takes turns: the letters "Ormolu". */
const LOCK = 0x4f726d6f6c75n;

/**
 * Brings a database to a schema: one transaction, in which one process at a time looks at what there is and adds what is missing.
 *
 * @returns the statements run, in order
 * @throws {MisuseError} STORAGE_MIGRATION_REFUSED when something there would have to be lost or reinterpreted; nothing is changed then
 */
export async function migrate(schema: Schema, transaction: SqlTransaction): Promise<readonly string[]> {
  const ask: AskCatalog = async (text, parameters) => {
    const rows = new DescribedRows();
    const statement: Statement = { text, parameters: parameters.map(textParameter), results: 'described' };
    await transaction.run('migrate', { statement, sink: rows, context: {} });
    return rows.rows;
  };
  try {
    await ask('select pg_advisory_xact_lock($1::int8)', [LOCK]);
    const statements = planMigration(schema, await readCatalog(ask, schema));
    for (const text of statements) await transaction.run('migrate', { statement: { text, parameters: [], results: 'none' }, context: {} });
    await transaction.commit();
    return statements;
  } catch (error) {
    await transaction.rollback();
    throw error instanceof ConstraintError
      ? new MigrationRefusedError(`Existing records do not fulfil what the model now asks of them. ${error.message} Mend the records, then migrate.`, error.details, error)
      : error;
  }
}
