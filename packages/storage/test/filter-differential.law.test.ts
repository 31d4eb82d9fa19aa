import { EVERYTHING, type Query, type Storage } from '@ormolu/kernel';
import { memory } from '@ormolu/storage/memory';
import { pglite } from '@ormolu/storage/pglite';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase, lawRuns, type ScratchDatabase } from '@ormolu/test-support';
import fc from 'fast-check';
import { fill, SCHEMA, worlds, type World } from './support/filter-world';

async function answersOf(storage: Storage, world: World): Promise<unknown[]> {
  const session = await storage.open({ schema: SCHEMA });
  try {
    await fill(session, world);
    const answers = [];
    for (const query of world.queries) answers.push({ query, ids: (await session.query(query)).ids, count: await session.count(query) });
    return answers;
  } finally {
    await session.rollback();
  }
}

describe('filters and orders', () => {
  let database: ScratchDatabase;
  let storages: Storage[];

  beforeAll(async () => {
    database = await createDatabase();
    storages = [memory(), pglite(), postgres(database.url)];
    for (const storage of storages) await storage.migrate(SCHEMA);
  });

  afterAll(async () => {
    for (const storage of storages) await storage.close();
    await database.drop();
  });

  test('law: for all rows, filters and orders, memory, PGlite and PostgreSQL find the same records in the same order', async () => {
    await fc.assert(fc.asyncProperty(worlds, async (world) => {
      const [plain, ...others] = await Promise.all(storages.map((storage) => answersOf(storage, world)));
      for (const other of others) expect(other).toEqual(plain);
    }), { numRuns: lawRuns(60) });
  });

  test('law: for all filters, a record is found by the filter or by its negation, never by both', async () => {
    await fc.assert(fc.asyncProperty(worlds, async (world) => {
      const everything = world.queries.map(({ filter }) => ({ model: 'item', filter }));
      const negated = everything.map(({ model, filter }): Query => ({ model, filter: { kind: 'not', not: filter } }));
      for (const storage of storages.slice(0, 2)) {
        const session = await storage.open({ schema: SCHEMA });
        try {
          await fill(session, world);
          const all = (await session.query({ model: 'item', filter: EVERYTHING })).ids;
          for (const [n, query] of everything.entries()) {
            const split = [...(await session.query(query)).ids, ...(await session.query(negated[n]!)).ids];
            expect(split.toSorted((a, b) => Number(a) - Number(b))).toEqual(all);
          }
        } finally {
          await session.rollback();
        }
      }
    }), { numRuns: lawRuns(20) });
  });
});
