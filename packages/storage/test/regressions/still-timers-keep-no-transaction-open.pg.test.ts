import { Schema } from '@ormolu/kernel';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase, type ScratchDatabase } from '@ormolu/test-support';
import { Client } from 'pg';
import { column } from '../../src/compliance/fixture';

const SCHEMA = new Schema([{ model: 'city', table: 'city', idColumn: 'id', idType: 'integer', versioned: false, order: [], lists: [], columns: [column('name', 'text')] }]);

describe('a test that lets time stand still', () => {
  let database: ScratchDatabase;
  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(() => database.drop());
  afterEach(() => {
    jest.useRealTimers();
  });

  test('ends its transactions all the same: those that only looked, too', async () => {
    const storage = postgres(database.url);
    await storage.migrate(SCHEMA);
    const admin = new Client({ connectionString: database.url });
    await admin.connect();
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
    const session = await storage.open({ schema: SCHEMA, sight: true });
    expect(await session.sight?.()).toBeDefined();
    await session.commit();
    // It waits for whoever holds the log.
    await admin.query('begin; set local statement_timeout = \'5s\'; lock table ormolu_log in access exclusive mode; commit');
    await admin.end();
    await storage.close();
  });
});
