import { EVERYTHING, Schema, type Isolation, type Session, type Storage } from '@ormolu/kernel';
import { lawRuns } from '@ormolu/test-support';
import { memory } from '@ormolu/storage/memory';
import { remote, serve, type RemoteServer, type RemoteStorage, type ServeOptions } from '@ormolu/remote';
import fc from 'fast-check';
import { ToldSchemas } from '../src/told-schemas';
import { citySchema } from './support/served';

const TOKEN = 'a-secret-of-some-length';
const [city] = citySchema.tables;
if (!city) throw new Error('There is a city.');
/** The same table, and others beside it that weigh so many bytes: another schema for each name. */
const schemaCalled = (name: string, bytes = 0): Schema => new Schema([city, { ...city, model: name, table: name, columns: city.columns.map((one) => ({ ...one, column: one.field + 'x'.repeat(bytes / 2) })) }]);
const count = (session: Session): Promise<number> => session.count({ model: 'city', filter: EVERYTHING });

let server: RemoteServer;
let client: RemoteStorage;
async function begin(options: ServeOptions = {}, below: Storage = memory()): Promise<void> {
  await below.migrate(citySchema);
  server = await serve({
    storage: below, viewOf: (user) => Promise.resolve({ user, digest: 'd', schema: citySchema, models: new Map([['city', { fields: new Set(['name', 'size']), served: new Set<string>() }]]), mayRead: () => true }),
  }, { port: 0, ...options });
  client = remote(server.url, { token: TOKEN });
}
afterEach(async () => {
  await client.close();
  await server.close();
});

/** What a transaction that goes by a schema finds. */
async function counted(schema: Schema): Promise<number> {
  const session = await client.open({ schema });
  try {
    return await count(session);
  } finally {
    await session.rollback();
  }
}

test('a user whose first call is refused works on with the models that came with it', async () => {
  await begin({ auth: () => ({ user: 1 }) });
  await expect(client.migrate(citySchema)).rejects.toMatchObject({ code: 'REMOTE_FORBIDDEN' });
  await expect(client.plan(citySchema)).rejects.toMatchObject({ code: 'REMOTE_FORBIDDEN' });
  expect(await counted(citySchema)).toBe(0);
});

test('so does whoever has too many transactions open when he brings them', async () => {
  await begin({ limits: { maxTransactions: 1 } });
  const first = await client.open({ schema: citySchema });
  await count(first);
  await expect(counted(schemaCalled('other'))).rejects.toMatchObject({ code: 'REMOTE_LIMIT' });
  await first.rollback();
  expect(await counted(schemaCalled('other'))).toBe(0);
});

test('models that are too large for a message are told to be that each time', async () => {
  await begin({ limits: { maxMessageBytes: 10_000 } });
  for (let times = 0; times < 2; times += 1) await expect(counted(schemaCalled('large', 20_000))).rejects.toThrow(/A call 'open' weighs 2\d+ bytes/);
  const session = await client.open({ schema: citySchema });
  session.adopt(schemaCalled('large', 20_000));
  await expect(count(session)).rejects.toThrow(/A call 'adopt' weighs 2\d+ bytes/);
  await expect(session.commit()).rejects.toThrow(/A call 'adopt' weighs 2\d+ bytes/);
  expect([session.state, server.stats().transactions]).toEqual(['rolled back', 0]);
  expect(await counted(citySchema)).toBe(0);
});

test('so does whoever brings them with a call that has not the form of the protocol', async () => {
  await begin();
  const other = schemaCalled('other');
  const malformed = await client.open({ schema: other, isolation: 'none' as Isolation }); // which no program in TypeScript says
  await expect(count(malformed)).rejects.toMatchObject({ code: 'REMOTE_PROTOCOL' });
  await malformed.rollback();
  await expect(client.plan(schemaCalled('another'), { discard: 'city' as unknown as readonly string[] })).rejects.toMatchObject({ code: 'REMOTE_PROTOCOL' }); // likewise
  for (const name of ['other', 'another']) expect(await counted(schemaCalled(name))).toBe(0);
});

/** A storage whose sessions count when they are let, and take no schema of more than two tables. */
function slowStorage(until: Promise<void>): Storage {
  const below = memory();
  const open = below.open.bind(below);
  below.open = async (options) => {
    const session = await open(options);
    const [counts, adopt] = [session.count.bind(session), session.adopt.bind(session)];
    session.count = async (query) => {
      await until;
      return counts(query);
    };
    session.adopt = (schema) => {
      // The table of tokens is the third.
      if (schema.tables.length > 3) throw new Error('too many tables');
      adopt(schema);
    };
    return session;
  };
  return below;
}

test('transactions name the models that another one brings behind a statement that takes long', async () => {
  let go: () => void = () => undefined;
  await begin({}, slowStorage(new Promise((resolve) => { go = resolve; })));
  const younger = schemaCalled('younger');
  const [first, second] = [await client.open({ schema: citySchema }), await client.open({ schema: citySchema })];
  const running = count(first);
  first.adopt(younger);
  second.adopt(younger);
  const third = await client.open({ schema: younger });
  const found = await third.query({ model: 'city', filter: EVERYTHING });
  await second.insert({ model: 'younger', count: 1, fields: ['name'], columns: [['Ghent']] }).catch((error: unknown) => { expect(error).not.toMatchObject({ code: 'REMOTE_LIMIT' }); });
  go();
  expect([await running, found.ids]).toEqual([0, []]);
  for (const session of [first, second, third]) await session.rollback();
});

test('a transaction whose storage does not take the models that its client goes by does nothing more', async () => {
  const faults: unknown[] = [];
  await begin({ onFault: (error) => faults.push(error) }, slowStorage(Promise.resolve()));
  const session = await client.open({ schema: citySchema });
  await session.insert({ model: 'city', count: 1, fields: ['name'], columns: [['lost']] });
  session.adopt(new Schema([...schemaCalled('one').tables, ...schemaCalled('two').tables.slice(1)]));
  await expect(session.insert({ model: 'city', count: 1, fields: ['name'], columns: [['lost']] })).rejects.toMatchObject({ code: 'REMOTE_FAULT' });
  await expect(session.commit()).rejects.toMatchObject({ code: 'REMOTE_FAULT' });
  expect([session.state, server.stats().transactions, await counted(citySchema)]).toEqual(['rolled back', 0, 0]);
  // Adopted and committed in one breath, too.
  const hasty = await client.open({ schema: citySchema });
  await hasty.insert({ model: 'city', count: 1, fields: ['name'], columns: [['lost']] });
  hasty.adopt(new Schema([...schemaCalled('one').tables, ...schemaCalled('two').tables.slice(1)]));
  await expect(hasty.commit()).rejects.toMatchObject({ code: 'REMOTE_FAULT' });
  expect([server.stats().transactions, await counted(citySchema)]).toEqual([0, 0]);
  expect(faults.length).toBeGreaterThan(0);
});

/** Weights by name: some are heavy, and one is never remembered. */
const schemas = Array.from({ length: 130 }, (_, n) => schemaCalled(`m${String(n)}`, n === 0 ? 9_000_000 : n < 4 ? 3_000_000 : 1_000));
test('law: whatever schemas come in whatever order, light and heavy, refused or not, each is known when it is named', async () => {
  await begin({ limits: { maxTransactions: 1 } });
  const light = fc.nat(125).map((n) => n + 4);
  await fc.assert(fc.asyncProperty(fc.array(fc.record({ at: fc.oneof({ weight: 40, arbitrary: light }, { weight: 1, arbitrary: fc.nat(3) }), isRefused: fc.boolean() }), { minLength: 150, maxLength: 250 }), async (calls) => {
    for (const { at, isRefused } of calls) {
      const schema = schemas[at] ?? citySchema;
      const holder = isRefused ? await client.open({ schema: citySchema }) : undefined;
      if (holder) await count(holder);
      const answer = await counted(schema).catch((error: unknown) => error);
      if (isRefused) expect(answer).toMatchObject({ code: 'REMOTE_LIMIT', message: expect.stringContaining('transactions open') as string });
      else expect(answer).toBe(0);
      await holder?.rollback();
    }
  }), { numRuns: lawRuns(2) });
});

test('law: what is kept of them is bounded, and what was kept last is there', () => {
  fc.assert(fc.property(fc.array(fc.record({ name: fc.nat(300).map(String), bytes: fc.oneof(fc.nat(200_000), fc.nat(10_000_000)) }), { maxLength: 500, size: 'max' }), (told) => {
    const kept = new ToldSchemas<number>();
    for (const { name, bytes } of told) {
      kept.keep(name, bytes, bytes);
      expect(kept.get(name) === bytes || bytes > 8 * 2 ** 20).toBe(true);
      const weights = Array.from({ length: 301 }, (_, n) => kept.get(String(n))).filter((one) => one !== undefined);
      expect([weights.length <= 100, weights.reduce((sum, one) => sum + one, 0) <= 8 * 2 ** 20]).toEqual([true, true]);
    }
  }), { numRuns: lawRuns(8) });
});
