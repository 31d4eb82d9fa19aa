import { EVERYTHING, type Session, type Storage } from '@ormolu/kernel';
import { memory } from '@ormolu/storage/memory';
import { remote, serve, type RemoteServer, type RemoteStorage, type ServeOptions } from '@ormolu/remote';
import { CuttingProxy } from './support/cutting-proxy';
import { citySchema } from './support/served';

const count = (session: Session): Promise<number> => session.count({ model: 'city', filter: EVERYTHING });
const view = { models: new Map([['city', { fields: new Set(['name', 'size']), served: new Set<string>() }]]), digest: 'd', schema: citySchema, mayRead: () => true };
const clients: RemoteStorage[] = [];
const open = new Set<Session>();
let server: RemoteServer;
let viewing = 0;
let mostViewing = 0;
let views = 0;
/** Whose token is a number is the user of that id. */
async function begin(limits: ServeOptions['limits'], below: Storage = memory(), look = (): Promise<void> => new Promise((resolve) => { setTimeout(resolve, 5); })): Promise<void> {
  [viewing, mostViewing, views] = [0, 0, 0];
  await below.migrate(citySchema);
  server = await serve({
    storage: below,
    viewOf: async (user) => {
      viewing += 1;
      views += 1;
      mostViewing = Math.max(mostViewing, viewing);
      await look();
      viewing -= 1;
      return { ...view, user };
    },
  }, { port: 0, limits, onFault: () => { throw new Error('whoever is told of faults fails, too'); }, auth: (token) => (token === 'worker' ? 'worker' : { user: Number(token) }) });
}
function client(token: string, url = server.url): RemoteStorage {
  const made = remote(url, { token });
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
  await begin({ maxTransactionsPerUser: 3, waitTimeout: '50ms' });
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

/** Transactions that a storage has open, and the most that it had. */
function counting(below: Storage): { most: number } {
  const figures = { most: 0 };
  const opened = below.open.bind(below);
  let now = 0;
  below.open = async (options) => {
    const session = await opened(options);
    // The server's own look for tokens is none of a user's.
    if (options.readOnly !== true) return session;
    now += 1;
    figures.most = Math.max(figures.most, now);
    const rollback = session.rollback.bind(session);
    let isOpen = true;
    session.rollback = async () => {
      await rollback();
      if (isOpen) now -= 1;
      isOpen = false;
    };
    return session;
  };
  return figures;
}

test('what a user begins at once is done, so many at a time, in the order in which it came', async () => {
  const below = memory();
  const figures = counting(below);
  await begin({ maxTransactionsPerUser: 3, waitTimeout: '1h' }, below);
  const clients = [client('7'), client('7')];
  const done: number[] = [];
  await Promise.all(Array.from({ length: 40 }, async (_, n) => {
    const session = await (clients[n % 2] as RemoteStorage).open({ schema: citySchema }); // one of two
    expect(await count(session)).toBe(0);
    if (n % 2 === 0) done.push(n);
    await session.rollback();
  }));
  expect([figures.most, done, server.stats().transactions]).toEqual([3, Array.from({ length: 20 }, (_, n) => 2 * n), 0]);
});

test('a transaction that waits for itself is told so, and the one around it goes on', async () => {
  await begin({ maxTransactionsPerUser: 1, waitTimeout: '100ms' });
  const around = client('7');
  const [outer] = (await beginning(around, 1)).sessions;
  const inner = await around.open({ schema: citySchema });
  await expect(count(inner)).rejects.toThrow(/^This user has 1 transactions open, and none of them has ended within 100 ms\. A transaction inside another waits for its own/);
  await inner.rollback();
  expect(await outer?.count({ model: 'city', filter: EVERYTHING })).toBe(0);
});

test('who waits and goes takes no place, nor keeps the server from closing', async () => {
  await begin({ maxTransactionsPerUser: 1, waitTimeout: '1h' });
  const [holder] = (await beginning(client('7'), 1)).sessions;
  const proxy = await CuttingProxy.before(server.port);
  const [gone, next, last] = [client('7', proxy.url), client('7'), client('7')];
  const counts: Promise<unknown>[] = [];
  // One behind the other.
  for (const one of [gone, next, last]) {
    const session = await one.open({ schema: citySchema });
    open.add(session);
    counts.push(count(session).catch((error: unknown) => (error as { code: unknown }).code));
  }
  await proxy.close();
  while (server.stats().connections > 3) await new Promise((resolve) => { setTimeout(resolve, 5); });
  await holder?.rollback();
  expect([await counts[0], await counts[1]]).toEqual(['REMOTE_CONNECTION_LOST', 0]);
  await server.close();
  expect([await counts[2], server.stats().transactions]).toEqual(['REMOTE_CONNECTION_LOST', 0]);
});

test('what was rolled back because it lay idle gives its place back at once, and is told of still', async () => {
  await begin({ maxTransactionsPerUser: 1, idleTimeout: '2s', waitTimeout: '3s' });
  const [first] = (await beginning(client('7'), 1)).sessions;
  expect((await beginning(client('7'), 1)).answers).toEqual([0]);
  await expect(first?.count({ model: 'city', filter: EVERYTHING })).rejects.toMatchObject({ code: 'REMOTE_IDLE' });
});

test('a look at what a user may see that never ends holds up his other clients no longer than an admission, and nothing is looked up for who has gone', async () => {
  let isFirst = true;
  let go: () => void = () => undefined;
  const held = new Promise<void>((resolve) => { go = resolve; });
  await begin({ admissionTimeout: '2s' }, memory(), () => {
    if (!isFirst) return Promise.resolve();
    isFirst = false;
    return held;
  });
  const hanging = client('7').connect();
  while (views === 0) await new Promise((resolve) => { setTimeout(resolve, 5); });
  const proxy = await CuttingProxy.before(server.port);
  const leaving = Array.from({ length: 10 }, () => client('7', proxy.url));
  const left = leaving.map((one) => one.connect().catch(() => 'left'));
  while (server.stats().connections < 11) await new Promise((resolve) => { setTimeout(resolve, 5); });
  await proxy.close();
  expect(await Promise.all(left)).toEqual(Array(10).fill('left'));
  await client('7').connect();
  expect(views).toBe(2);
  go();
  await hanging;
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
  const [kept, taken] = ['a-secret-of-some-length', 'another-secret-of-some'].map((token) => client(token)) as [RemoteStorage, RemoteStorage]; // two of them
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
