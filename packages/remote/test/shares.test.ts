import { EVERYTHING, type Session, type Storage } from '@ormolu/kernel';
import { memory } from '@ormolu/storage/memory';
import { remote, serve, type RemoteServer, type RemoteStorage, type ServeOptions } from '@ormolu/remote';
import { citySchema } from './support/served';

const count = (session: Session): Promise<number> => session.count({ model: 'city', filter: EVERYTHING });
const view = { models: new Map([['city', { fields: new Set(['name', 'size']), served: new Set<string>() }]]), digest: 'd', schema: citySchema, mayRead: () => true };
const clients: RemoteStorage[] = [];
const open = new Set<Session>();
let server: RemoteServer;
let viewing = 0;
let mostViewing = 0;
/** Whose token is a number is the user of that id. */
async function begin(limits: ServeOptions['limits'], below: Storage = memory()): Promise<void> {
  [viewing, mostViewing] = [0, 0];
  await below.migrate(citySchema);
  server = await serve({
    storage: below,
    viewOf: async (user) => {
      viewing += 1;
      mostViewing = Math.max(mostViewing, viewing);
      await new Promise((resolve) => { setTimeout(resolve, 5); });
      viewing -= 1;
      return { ...view, user };
    },
  }, { port: 0, limits, onFault: () => { throw new Error('whoever is told of faults fails, too'); }, auth: (token) => (token === 'worker' ? 'worker' : { user: Number(token) }) });
}
function client(token: string): RemoteStorage {
  const made = remote(server.url, { token });
  clients.push(made);
  return made;
}
afterEach(async () => {
  for (const session of open) await session.rollback();
  open.clear();
  for (const one of clients.splice(0)) await one.close();
  await server.close();
});

/** Begins transactions, and says what each came to. */
async function beginning(of: RemoteStorage, times: number): Promise<{ readonly sessions: readonly Session[]; readonly answers: readonly unknown[] }> {
  const sessions = await Promise.all(Array.from({ length: times }, () => of.open({ schema: citySchema })));
  for (const session of sessions) open.add(session);
  return { sessions, answers: await Promise.all(sessions.map((session) => count(session).catch((error: unknown) => (error as { code: unknown }).code))) };
}

test('a user has so many transactions open and no more, over however many connections, and others are served', async () => {
  await begin({ maxTransactionsPerUser: 3 });
  const [first, second] = [client('7'), client('7')];
  const here = await beginning(first, 2);
  const there = await beginning(second, 2);
  expect([...here.answers, ...there.answers]).toEqual([0, 0, 0, 'REMOTE_LIMIT']);
  expect((await beginning(client('8'), 3)).answers).toEqual([0, 0, 0]);
  expect((await beginning(client('worker'), 20)).answers).toEqual(Array(20).fill(0));
  // What ends gives its place back, however it ends: by COMMIT, by a rollback, with its connection.
  await here.sessions[0]?.commit();
  expect((await beginning(second, 2)).answers).toEqual([0, 'REMOTE_LIMIT']);
  await here.sessions[1]?.rollback();
  expect((await beginning(first, 2)).answers).toEqual([0, 'REMOTE_LIMIT']);
  await server.disconnect(7);
  expect((await beginning(client('7'), 4)).answers).toEqual([0, 0, 0, 'REMOTE_LIMIT']);
  await server.disconnect('worker');
  await server.disconnect(8);
  await server.disconnect(7);
  expect(server.stats().transactions).toBe(0);
});

test('what was refused, and what never began, takes no place', async () => {
  const below = memory();
  const opened = below.open.bind(below);
  let isDown = false;
  below.open = (options) => (isDown ? Promise.reject(new Error('down')) : opened(options));
  await begin({ maxTransactionsPerUser: 2, maxTransactions: 1 }, below);
  const one = client('7');
  isDown = true;
  for (let times = 0; times < 5; times += 1) expect((await beginning(one, 2)).answers).toEqual(['REMOTE_FAULT', 'REMOTE_LIMIT']);
  isDown = false;
  expect((await beginning(one, 1)).answers).toEqual([0]);
});

test('all clients together have so many and no more', async () => {
  await begin({ maxTransactionsInAll: 4 });
  const first = await beginning(client('worker'), 3);
  expect((await beginning(client('worker'), 2)).answers).toEqual([0, 'REMOTE_LIMIT']);
  for (const session of first.sessions) await session.rollback();
  expect((await beginning(client('8'), 3)).answers).toEqual([0, 0, 0]);
});

test('what a user may see is looked up for him one time after the other, however many connections ask', async () => {
  await begin({});
  await Promise.all(Array.from({ length: 20 }, () => client('7').connect()));
  expect(mostViewing).toBe(1);
});

test('whose connection the server has ended comes in again by his token, if it is still known, and what he had open is rolled back', async () => {
  const known = new Set(['a-secret-of-some-length', 'another-secret-of-some']);
  const below = memory();
  await below.migrate(citySchema);
  server = await serve({ storage: below }, { port: 0, auth: (token) => (known.has(token) ? 'worker' : undefined) });
  const [kept, taken] = ['a-secret-of-some-length', 'another-secret-of-some'].map(client) as [RemoteStorage, RemoteStorage]; // two of them
  const session = await taken.open({ schema: citySchema });
  await session.insert({ model: 'city', count: 1, fields: ['name'], columns: [['lost']] });
  await kept.connect();
  known.delete('another-secret-of-some');
  expect([await server.disconnect(7), await server.disconnect('worker'), server.stats().transactions]).toEqual([0, 2, 0]);
  await expect(count(session)).rejects.toThrow('broke: the server has ended it');
  await session.rollback();
  await expect(taken.open({ schema: citySchema })).rejects.toMatchObject({ code: 'REMOTE_ACCESS' });
  expect((await beginning(kept, 1)).answers).toEqual([0]);
});
