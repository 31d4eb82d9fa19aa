import { storageCompliance } from '@ormolu/storage/compliance';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase, type ScratchDatabase } from '@ormolu/test-support';

jest.setTimeout(60_000);

let database: ScratchDatabase | undefined;

storageCompliance({ describe, test, beforeAll, afterAll }, {
  name: 'postgres',
  create: async () => {
    database = await createDatabase();
    return postgres(database.url);
  },
});

afterAll(() => database?.drop());
