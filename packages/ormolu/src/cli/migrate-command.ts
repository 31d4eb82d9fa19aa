import { openOrmolu } from '../ormolu';
import { loadModels } from './load-models';
import type { CliOutput } from './program';
import { storageAt } from './storage-at';

/** What `ormolu migrate` was asked to do. */
export interface MigrateArguments {
  readonly models: string;
  readonly storage: string;
  readonly token?: string;
  readonly plan: boolean;
  readonly discard?: readonly string[];
  readonly batchSize?: number;
}

/** Brings a database to its models, or says what that would take. */
export async function migrateCommand({ models, storage, token, plan, discard, batchSize }: MigrateArguments, { out, note }: CliOutput): Promise<void> {
  const db = await openOrmolu({ models: await loadModels(models), storage: storageAt(storage, { token }) });
  try {
    if (plan) {
      const { statements, added } = await db.planMigration({ discard });
      for (const text of statements) out(`${text};`);
      if (statements.length === 0) note('Nothing to do.');
      if (added.length > 0) note(`New fields of existing records: ${added.map(({ model, field }) => `${model}.${field}`).join(', ')}.`);
      return;
    }
    const { statements, filled } = await db.migrate({
      discard, batchSize, onProgress: ({ model, fields, done, total }) => { note(`${model}: ${fields.join(', ')} ${String(done)}/${String(total)}`); },
    });
    for (const { model, fields, records } of filled) out(`Filled ${fields.join(', ')} of ${String(records)} records of ${model}.`);
    out(statements.length === 0 ? 'Nothing to do.' : `Ran ${String(statements.length)} ${statements.length === 1 ? 'statement' : 'statements'}.`);
  } finally {
    await db.close();
  }
}
