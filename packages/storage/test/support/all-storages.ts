import type { Schema, Storage } from '@ormolu/kernel';
import { memory } from '@ormolu/storage/memory';
import { pglite } from '@ormolu/storage/pglite';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase, type ScratchDatabase } from '@ormolu/test-support';

/** Memory, PGlite and PostgreSQL with the tables of one schema, from before the first test of a suite until after its last. */
export function allStorages(schema: Schema): { readonly all: () => readonly Storage[] } {
  let database: ScratchDatabase;
  let storages: readonly Storage[] = [];
  beforeAll(async () => {
    database = await createDatabase();
    storages = [memory(), pglite(), postgres(database.url)];
    for (const storage of storages) await storage.migrate(schema);
  });
  afterAll(async () => {
    for (const storage of storages) await storage.close();
    await database.drop();
  });
  return { all: () => storages };
}
