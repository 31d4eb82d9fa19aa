import type { Storage } from '@ormolu/kernel';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase, type ScratchDatabase } from '@ormolu/test-support';
import { Client } from 'pg';
import { column, Tables } from '../../src/compliance/fixture';

export const SCHEMA = new Tables(1).add('city', [column('name', 'text'), column('size', 'int4')]).add('street', [column('name', 'text')]).schema();
export const CITY = { model: 'city' };

/** A database whose tables are watched, the storage that has migrated it, and a connection of another program. */
export interface WatchedCities {
  readonly database: ScratchDatabase;
  readonly storage: Storage;
  readonly outside: Client;
  /** Another such connection; whoever asks ends it. */
  connected(): Promise<Client>;
  close(): Promise<void>;
}

/** Twenty cities without a street. */
export async function watchedCities(): Promise<WatchedCities> {
  const database = await createDatabase();
  const storage = postgres(database.url);
  await storage.migrate(SCHEMA);
  const connected = async (): Promise<Client> => {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    return client;
  };
  const outside = await connected();
  await outside.query('insert into city_1 (id, name_col, size_col) select g, \'c\' || g, g from generate_series(1, 20) g');
  return {
    database, storage, outside, connected,
    close: async () => {
      await outside.end();
      await storage.close();
      await database.drop();
    },
  };
}
