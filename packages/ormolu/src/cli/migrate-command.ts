import { MisuseError, type Storage } from '@ormolu/kernel';
import { pglite } from '@ormolu/storage/pglite';
import { postgres } from '@ormolu/storage/postgres';
import { existsSync } from 'node:fs';
import { openOrmolu } from '../ormolu';
import { loadModels } from './load-models';
import type { CliOutput } from './program';

/** What `ormolu migrate` was asked to do. */
export interface MigrateArguments {
  readonly models: string;
  readonly storage: string;
  readonly plan: boolean;
  readonly discard?: readonly string[];
  readonly batchSize?: number;
}

/** Brings a database to its models, or says what that would take. */
export async function migrateCommand({ models, storage, plan, discard, batchSize }: MigrateArguments, { out, note }: CliOutput): Promise<void> {
  const db = await openOrmolu({ models: await loadModels(models), storage: storageAt(storage) });
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

/** The storage behind a URL or directory. @throws {MisuseError} CLI_STORAGE */
function storageAt(place: string): Storage {
  if (/^postgres(ql)?:\/\//i.test(place)) return postgres(place);
  const directory = place.replace(/^pglite:/i, '');
  // What is meant as a URL may hold a password: none of it is told, and no directory is made of it.
  const isUrl = /\/\/|@/.test(directory) && !existsSync(directory);
  if (directory === '' || isUrl) {
    throw new MisuseError('CLI_STORAGE', `--storage takes postgres://…, or the directory of an embedded database; it was given ${isUrl ? 'something that looks like another URL, or a misspelt one. Begin it with postgres://, or make the directory first if it is one' : 'nothing'}.`);
  }
  return pglite({ dataDir: directory });
}
