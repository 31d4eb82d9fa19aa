import { storageCompliance } from '@ormolu/storage/compliance';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase, type ScratchDatabase } from '@ormolu/test-support';
import { behindServer } from './support/behind-server';

let database: ScratchDatabase | undefined;

storageCompliance({ describe, test, beforeAll, afterAll }, {
  name: 'PostgreSQL over the network',
  create: async () => {
    database = await createDatabase();
    return behindServer(postgres(database.url));
  },
});

afterAll(() => database?.drop());
