import { EVERYTHING, type Session } from '@ormolu/kernel';
import { createDatabase, type ScratchDatabase } from '@ormolu/test-support';
import { postgres } from '@ormolu/storage/postgres';
import { remote, serve, type ServeOptions } from '@ormolu/remote';
import { citySchema } from './support/served';

const view = { models: new Map([['city', { fields: new Set(['name', 'size']), served: new Set<string>() }]]), digest: 'd', schema: citySchema, mayRead: () => true };
const count = (session: Session): Promise<number> => session.count({ model: 'city', filter: EVERYTHING });

let database: ScratchDatabase;
const ending: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  database = await createDatabase();
});
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});
afterAll(() => database.drop());

/** Serves a database by a pool of so many, and says which warnings that gave; a token that is a number is the user of that id. */
async function serving(max: number, limits: ServeOptions['limits']) {
  const warnings = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const below = postgres({ connectionString: database.url, max, connectionTimeoutMillis: 1_000 });
  ending.push(() => below.close());
  await below.migrate(citySchema);
  const server = await serve({ storage: below, viewOf: (user) => Promise.resolve({ ...view, user }) }, { port: 0, limits, auth: (token) => ({ user: Number(token) }) });
  ending.push(() => server.close());
  const told = warnings.mock.calls.filter(([, options]) => (options as { code?: string } | undefined)?.code === 'REMOTE_POOL').map(([text]) => String(text));
  warnings.mockRestore();
  return { connections: below.capabilities.connections, url: server.url, told };
}

test('a user leaves the others a connection of the pool, whatever its size', async () => {
  const { url, ...others } = await serving(3, { waitTimeout: '50ms' });
  expect(others).toEqual({ connections: 3, told: [] });
  const [greedy, other] = ['7', '8'].map((token) => remote(url, { token })) as [ReturnType<typeof remote>, ReturnType<typeof remote>]; // two of them
  const sessions = await Promise.all([0, 1, 2].map(() => greedy.open({ schema: citySchema })));
  const answers = await Promise.all(sessions.map((session) => count(session).catch((error: unknown) => (error as { code: unknown }).code)));
  const beside = await other.open({ schema: citySchema });
  const answer = await count(beside).catch((error: unknown) => (error as { code: unknown }).code);
  for (const session of [...sessions, beside]) await session.rollback();
  for (const client of [greedy, other]) await client.close();
  expect([...answers, answer]).toEqual([0, 0, 'REMOTE_LIMIT', 0]);
});

test.each([
  [4, { maxTransactionsPerUser: 4 }, 'may have 4 transactions open at a time, and its database has 4 connections'],
  [1, {}, 'may have 1 transactions open at a time, and its database has 1 connections'],
])('a server warns where one user may take all of %i connections', async (max, limits, text) => {
  expect((await serving(max, limits)).told).toEqual([expect.stringContaining(text)]);
});
