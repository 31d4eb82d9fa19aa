import { createDatabase, type ScratchDatabase } from '@ormolu/test-support';
import { Client } from 'pg';
import { char, defineModels, openOrmolu, postgres } from '../../src/index';

const models = defineModels({ city: { name: char(), mayor: char() } });
const before = defineModels({ city: { name: char() } });
let scratch: ScratchDatabase;
let other: Client;

beforeAll(async () => {
  scratch = await createDatabase();
  other = new Client({ connectionString: scratch.url });
  await other.connect();
});
afterAll(async () => {
  await other.end();
  await scratch.drop();
});

test('a process that begins is answered from its caches, though a transaction is open from before the last migration', async () => {
  // Of another database of the same server, it would be the same.
  await other.query('begin');
  await other.query('select pg_current_xact_id()');
  const past = await openOrmolu({ models: before, storage: postgres(scratch.url) });
  await past.migrate();
  await past.close();
  const first = await openOrmolu({ models, storage: postgres(scratch.url) });
  // What tables were like before, no log tells: it is looked at from here on.
  await first.migrate();
  await first.transaction((env) => env.model('city').create({ name: 'Ghent' }));
  await first.close();
  const second = await openOrmolu({ models, storage: postgres(scratch.url) });
  try {
    const name = (): Promise<string | null> => second.transaction(async (env) => (await env.model('city').browse(1).load(['name'])).name);
    const hits = (): number => second.stats().rungs.find(({ rung }) => rung === 'local')?.hits ?? 0;
    expect([await name(), hits()]).toEqual(['Ghent', 0]);
    expect([await name(), hits()]).toEqual(['Ghent', 1]);
    // It cannot have written to the table before this was altered: who alters waits for who has written.
    await other.query('commit');
    expect([await name(), hits()]).toEqual(['Ghent', 2]);
    expect([await name(), hits()]).toEqual(['Ghent', 3]);
  } finally {
    await second.close();
  }
});
