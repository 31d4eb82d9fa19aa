import { EVERYTHING, Schema, type Session, type Storage } from '@ormolu/kernel';
import { createDatabase } from '@ormolu/test-support';
import { memory } from '@ormolu/storage/memory';
import { postgres } from '@ormolu/storage/postgres';
import { remote, serve, type RemoteServer, type RemoteStorage, type ServeOptions } from '@ormolu/remote';
import { citySchema } from './support/served';

const view = { models: new Map([['city', { fields: new Set(['name', 'size']), served: new Set<string>() }]]), digest: 'd', schema: citySchema, mayRead: () => true };
const count = (session: Session): Promise<unknown> => session.count({ model: 'city', filter: EVERYTHING }).catch((error: unknown) => (error as { code: unknown }).code);

let server: RemoteServer;
const ending: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

async function begin(below: Storage, limits: ServeOptions['limits']): Promise<void> {
  await below.migrate(citySchema);
  server = await serve({ storage: below, viewOf: (user) => Promise.resolve({ ...view, user }) }, { port: 0, limits, auth: (token) => (token === 'worker' ? 'worker' : { user: Number(token) }) });
  ending.push(() => below.close(), () => server.close());
}

/** A client, and sessions of it that have begun, or wait, as far as the server knows. */
async function opening(token: string, times: number): Promise<{ readonly client: RemoteStorage; readonly sessions: readonly Session[]; readonly answers: readonly Promise<unknown>[] }> {
  const client = remote(server.url, { token });
  const sessions = await Promise.all(Array.from({ length: times }, () => client.open({ schema: citySchema })));
  const before = server.stats().transactions;
  const answers = sessions.map(count);
  while (server.stats().transactions < before + times) await new Promise((resolve) => { setTimeout(resolve, 5); });
  return { client, sessions, answers };
}

async function transactions(wanted: number): Promise<void> {
  for (let tries = 0; tries < 500 && server.stats().transactions !== wanted; tries += 1) await new Promise((resolve) => { setTimeout(resolve, 10); });
  expect(server.stats().transactions).toBe(wanted);
}

test('a client that is closed while its transaction waits for one of its user ends: whoever waits hears it, what runs goes on, and nobody waits on the server', async () => {
  await begin(memory(), { maxTransactionsPerUser: 1, waitTimeout: '1h' });
  // What runs is waited for, what waits behind it is not.
  const { client, sessions: [running, waiting], answers } = await opening('7', 2);
  expect(await answers[0]).toBe(0);
  const closing = client.close();
  expect([await answers[1], waiting?.state, running?.state]).toEqual(['STORAGE_CLOSED', 'rolled back', 'open']);
  await transactions(1);
  expect(await running?.count({ model: 'city', filter: EVERYTHING })).toBe(0);
  await running?.commit();
  await closing;
  await waiting?.rollback();
  // The place that was waited for is free.
  const next = await opening('7', 1);
  expect(await next.answers[0]).toBe(0);
  // What waits is all that there is.
  const last = await opening('7', 1);
  await last.client.close();
  expect([await last.answers[0], server.stats().connections <= 2]).toEqual(['STORAGE_CLOSED', true]);
  await transactions(1);
  await next.sessions[0]?.rollback();
  await next.client.close();
  await transactions(0);
});

test('a client that is closed while its transaction waits for a connection of the database ends, and the connection is not kept for it', async () => {
  const database = await createDatabase();
  ending.push(() => database.drop());
  const below = postgres({ connectionString: database.url, max: 2, connectionTimeoutMillis: 60_000 });
  await begin(below, {});
  const holder = await opening('worker', 2);
  expect(await Promise.all(holder.answers)).toEqual([0, 0]);
  const waiter = await opening('worker', 1);
  await waiter.client.close();
  expect(await waiter.answers[0]).toBe('STORAGE_CLOSED');
  await transactions(2);
  for (const session of holder.sessions) await session.rollback();
  const after = await holder.client.open({ schema: new Schema([]) });
  expect(await after.sql("select count(*)::int open from pg_stat_activity where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid() and xact_start is not null", [])).toEqual([{ open: 0 }]);
  await after.rollback();
  await holder.client.close();
  expect(server.stats()).toMatchObject({ transactions: 0 });
});

test('what was begun right before a client is closed is done', async () => {
  await begin(memory(), {});
  const client = remote(server.url, { token: 'worker' });
  await client.connect();
  const work = (async () => {
    const session = await client.open({ schema: citySchema });
    const ids = await session.insert({ model: 'city', count: 1, fields: ['name'], columns: [['kept']] });
    await session.commit();
    return [ids.length, session.state];
  })();
  // In the same breath as the session, whose opening the server has not heard of.
  await Promise.resolve();
  await Promise.resolve();
  await client.close();
  expect(await work).toEqual([1, 'committed']);
  await expect(client.open({ schema: citySchema })).rejects.toMatchObject({ code: 'STORAGE_CLOSED' });
});
