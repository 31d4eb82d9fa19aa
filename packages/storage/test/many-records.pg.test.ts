import { condition, EVERYTHING, SameValue, Schema, type Filter, type Session, type Storage } from '@ormolu/kernel';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase, type ScratchDatabase } from '@ormolu/test-support';
import { column } from '../src/compliance/fixture';

const SCHEMA = new Schema([{ model: 'city', table: 'city', idColumn: 'id', idType: 'integer', versioned: false, order: [], lists: [], columns: [column('name', 'text'), column('size', 'int4')] }]);
const MILLION = 1_000_000;

describe('a million records', () => {
  let database: ScratchDatabase;
  let storage: Storage;
  let session: Session;

  beforeAll(async () => {
    database = await createDatabase();
    storage = postgres(database.url);
    await storage.migrate(SCHEMA);
    session = await storage.open({ schema: SCHEMA });
  });

  afterAll(async () => {
    await session.rollback();
    await storage.close();
    await database.drop();
  });

  test('are one statement each to insert, read, find, update and delete', async () => {
    const sizes = Array.from({ length: MILLION }, (_, n) => n);
    const ids = await session.insert({ model: 'city', count: MILLION, fields: ['size'], columns: [sizes] });
    expect(ids.length).toBe(MILLION);
    expect([ids[0], ids.at(-1)]).toEqual([1, MILLION]);
    const answer = await session.read({ model: 'city', ids, fields: ['size'] });
    expect(answer.ids.length).toBe(MILLION);
    expect(answer.columns[0]?.every((size, n) => size === Number(answer.ids[n]) - 1)).toBe(true);
    expect(await session.count({ model: 'city', filter: condition(['id'], 'in', ids) })).toBe(MILLION);
    expect((await session.update({ model: 'city', ids, fields: ['name'], columns: [new SameValue('x')] })).length).toBe(MILLION);
    expect((await session.delete('city', ids)).length).toBe(MILLION);
    expect(await session.count({ model: 'city', filter: EVERYTHING })).toBe(0);
    // BEGIN and six calls.
    expect(session.statements).toBe(7);
  });

  test('as many alternatives as there are places for parameters are answered, one more is refused before it is sent', async () => {
    const alternatives = (count: number): Filter => ({ kind: 'or', any: Array.from({ length: count }, (_, n) => condition(['size'], 'eq', n)) });
    expect(await session.count({ model: 'city', filter: alternatives(65_535) })).toBe(0);
    await expect(session.count({ model: 'city', filter: alternatives(65_536) })).rejects.toMatchObject({ code: 'STORAGE_STATEMENT_TOO_LARGE', message: expect.stringContaining('{ in: […] }') as string });
    expect(session.state).toBe('open');
  });
});
