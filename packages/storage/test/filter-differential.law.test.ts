import { EVERYTHING, type Session } from '@ormolu/kernel';
import { lawRuns } from '@ormolu/test-support';
import fc from 'fast-check';
import { allStorages } from './support/all-storages';
import { inWorld, SCHEMA, worlds, type World } from './support/filter-world';

describe('filters and orders', () => {
  const storages = allStorages(SCHEMA);

  test('law: for all rows, filters, keys and orders, memory, PGlite and PostgreSQL find the same records in the same order', async () => {
    await fc.assert(fc.asyncProperty(worlds, async (world) => {
      const [plain, ...others] = await Promise.all(storages.all().map((storage) => inWorld(storage, world, async (session) => {
        const answers = [];
        for (const query of world.queries) answers.push({ query, ids: (await session.query(query)).ids, count: await session.count(query) });
        return answers;
      })));
      for (const other of others) expect(other).toEqual(plain);
    }), { numRuns: lawRuns(60) });
  });

  test('law: for all filters, a record is found by the filter or by its negation, never by both', async () => {
    const askBothWays = (world: World) => async (session: Session): Promise<void> => {
      const all = (await session.query({ model: 'item', filter: EVERYTHING })).ids;
      for (const { filter, keys } of world.queries) {
        const found = await session.query({ model: 'item', filter, keys });
        const left = await session.query({ model: 'item', filter: { kind: 'not', not: filter }, keys });
        expect([...found.ids, ...left.ids].toSorted((a, b) => Number(a) - Number(b))).toEqual(all);
      }
    };
    await fc.assert(fc.asyncProperty(worlds, async (world) => {
      for (const storage of storages.all().slice(0, 2)) await inWorld(storage, world, askBothWays(world));
    }), { numRuns: lawRuns(20) });
  });
});
