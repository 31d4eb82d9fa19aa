import { EVERYTHING, Schema } from '@ormolu/kernel';
import { createDatabase } from '@ormolu/test-support';
import { postgres } from '@ormolu/storage/postgres';
import { Served } from './support/served';

test('200 clients share the few connections of a pool: nothing is lost, nothing is there twice, and nothing stays open, neither when they have gone nor when they go in a transaction', async () => {
  const database = await createDatabase();
  const served = await Served.begin({}, postgres({ connectionString: database.url, max: 10, connectionTimeoutMillis: 60_000 }));
  const clients = Array.from({ length: 200 }, () => served.client());
  const wanted = clients.map((_, n) => `c${String(n).padStart(3, '0')}`);
  await Promise.all(clients.map((client, n) => served.add(client, wanted[n] ?? '')));
  expect(await served.names()).toEqual(wanted);
  expect(served.server.stats()).toMatchObject({ connections: 200, transactions: 0 });
  // As many as the pool gives at once, and each goes without a word behind what it has written.
  for (const client of clients.slice(0, 10)) {
    const session = await client.open({ schema: served.schema });
    await session.insert({ model: 'city', count: 1, fields: ['name'], columns: [['lost']] });
  }
  expect(served.server.stats().transactions).toBe(10);
  expect(await served.server.disconnect('worker')).toBe(200);
  for (let tries = 0; tries < 2_000 && served.server.stats().connections > 0; tries += 1) await new Promise((resolve) => { setTimeout(resolve, 10); });
  expect(served.server.stats()).toMatchObject({ connections: 0, transactions: 0 });
  expect(await served.names()).toEqual(wanted);
  const beside = await served.below.open({ schema: new Schema([]) });
  const rows = await beside.sql("select count(*)::int open from pg_stat_activity where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid() and xact_start is not null", []);
  expect(rows).toEqual([{ open: 0 }]);
  await beside.rollback();
  const again = await clients[0]?.open({ schema: served.schema });
  expect(await again?.count({ model: 'city', filter: EVERYTHING })).toBe(200);
  await again?.rollback();
  await served.stop();
  await served.below.close();
  await database.drop();
});
