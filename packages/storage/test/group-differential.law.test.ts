import type { Aggregate, GroupOrderTerm, GroupQuery, Groups, Storage } from '@ormolu/kernel';
import { memory } from '@ormolu/storage/memory';
import { pglite } from '@ormolu/storage/pglite';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase, lawRuns, type ScratchDatabase } from '@ormolu/test-support';
import fc from 'fast-check';
import { fill, filters, SCHEMA, some, TYPES, worlds, type World } from './support/filter-world';

const GROUPED = [...TYPES.filter((type) => type !== 'jsonb'), 'id', 'parent', 'group', 'group.name', 'group.up.size', 'parent.text', 'parent.numeric', 'parent.parent.float8'];
const NUMBERS = ['int4', 'int8', 'float8', 'numeric', 'group.size', 'parent.int8', 'parent.numeric'];
const RANKED = [...NUMBERS, 'text', 'date', 'timestamptz', 'parent.text', 'parent', 'id'];

const aggregates: fc.Arbitrary<Aggregate> = fc.oneof(
  fc.constant<Aggregate>({ function: 'count' }),
  fc.tuple(some(['count', 'countDistinct'] as const), some(GROUPED)).map(([name, path]): Aggregate => ({ function: name, path: path.split('.') })),
  fc.tuple(some(['sum', 'avg'] as const), some(NUMBERS)).map(([name, path]): Aggregate => ({ function: name, path: path.split('.') })),
  fc.tuple(some(['min', 'max'] as const), some(RANKED)).map(([name, path]): Aggregate => ({ function: name, path: path.split('.') })),
);

const direction = some(['asc', 'desc'] as const);
const queries: fc.Arbitrary<GroupQuery> = fc.tuple(fc.array(some(GROUPED), { maxLength: 2 }), fc.array(aggregates, { maxLength: 4 })).chain(([by, figures]) => {
  const terms: fc.Arbitrary<GroupOrderTerm>[] = [
    ...by.map((_, key) => direction.map((way): GroupOrderTerm => ({ key, direction: way }))),
    ...figures.map((_, aggregate) => direction.map((way): GroupOrderTerm => ({ aggregate, direction: way }))),
  ];
  return fc.record({
    filter: filters, order: terms.length === 0 ? fc.constant(undefined) : fc.option(fc.array(fc.oneof(...terms), { maxLength: 2 }), { nil: undefined }),
    limit: fc.option(fc.nat(4), { nil: undefined, freq: 4 }), offset: fc.option(fc.nat(2), { nil: undefined, freq: 4 }),
  }).map((query) => ({ model: 'item', by: by.map((path) => path.split('.')), aggregates: figures, ...query }));
});

const lists = fc.array(queries, { minLength: 6, maxLength: 6 });

async function answersOf(storage: Storage, world: World, asked: readonly GroupQuery[]): Promise<unknown[]> {
  const session = await storage.open({ schema: SCHEMA });
  try {
    await fill(session, world);
    const answers: { query: GroupQuery; groups: Groups }[] = [];
    for (const query of asked) answers.push({ query, groups: await session.group(query) });
    return answers;
  } finally {
    await session.rollback();
  }
}

describe('groups', () => {
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

  test('law: for all rows, keys, figures, orders and bounds, memory, PGlite and PostgreSQL give the same groups in the same order', async () => {
    await fc.assert(fc.asyncProperty(worlds, lists, async (world, asked) => {
      const [plain, ...others] = await Promise.all(storages.map((storage) => answersOf(storage, world, asked)));
      for (const other of others) expect(other).toEqual(plain);
    }), { numRuns: lawRuns(60) });
  });

  test('law: for all groups, their counts add up to the count of the filter', async () => {
    await fc.assert(fc.asyncProperty(worlds, lists, async (world, asked) => {
      for (const storage of storages.slice(0, 2)) {
        const session = await storage.open({ schema: SCHEMA });
        try {
          await fill(session, world);
          for (const { model, filter, by } of asked) {
            const { aggregates: [counts = []] } = await session.group({ model, filter, by, aggregates: [{ function: 'count' }] });
            expect((counts as readonly number[]).reduce((sum, count) => sum + count, 0)).toBe(await session.count({ model, filter }));
          }
        } finally {
          await session.rollback();
        }
      }
    }), { numRuns: lawRuns(15) });
  });
});
