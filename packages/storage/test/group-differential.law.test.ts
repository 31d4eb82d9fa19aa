import type { Aggregate, GroupOrderTerm, GroupQuery, Groups } from '@ormolu/kernel';
import { lawRuns } from '@ormolu/test-support';
import fc from 'fast-check';
import { allStorages } from './support/all-storages';
import { filters, inWorld, KEYED_FIELDS, SCHEMA, some, TYPES, valueKeys, worlds } from './support/filter-world';

const GROUPED = [...TYPES.filter((type) => type !== 'jsonb'), 'id', 'parent', 'group', 'group.name', 'group.up.size', 'parent.text', 'parent.numeric', 'parent.parent.float8', ...KEYED_FIELDS, 'zone', 'zone.name', 'parent.textBy'];
const NUMBERS = ['int4', 'int8', 'float8', 'numeric', 'group.size', 'parent.int8', 'parent.numeric', 'int4By', 'int8By', 'float8By', 'numericBy'];
const RANKED = [...NUMBERS, 'text', 'date', 'timestamptz', 'parent.text', 'parent', 'id', 'textBy', 'dateBy', 'timestamptzBy', 'zone'];

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
    filter: filters, keys: valueKeys, order: terms.length === 0 ? fc.constant(undefined) : fc.option(fc.array(fc.oneof(...terms), { maxLength: 2 }), { nil: undefined }),
    limit: fc.option(fc.nat(4), { nil: undefined, freq: 4 }), offset: fc.option(fc.nat(2), { nil: undefined, freq: 4 }),
  }).map((query) => ({ model: 'item', by: by.map((path) => path.split('.')), aggregates: figures, ...query }));
});

const lists = fc.array(queries, { minLength: 6, maxLength: 6 });

describe('groups', () => {
  const storages = allStorages(SCHEMA);

  test('law: for all rows, keys, figures, orders and bounds, memory, PGlite and PostgreSQL give the same groups in the same order', async () => {
    await fc.assert(fc.asyncProperty(worlds, lists, async (world, asked) => {
      const [plain, ...others] = await Promise.all(storages.all().map((storage) => inWorld(storage, world, async (session) => {
        const answers: { query: GroupQuery; groups: Groups }[] = [];
        for (const query of asked) answers.push({ query, groups: await session.group(query) });
        return answers;
      })));
      for (const other of others) expect(other).toEqual(plain);
    }), { numRuns: lawRuns(60) });
  });

  test('law: for all groups, their counts add up to the count of the filter', async () => {
    await fc.assert(fc.asyncProperty(worlds, lists, async (world, asked) => {
      for (const storage of storages.all().slice(0, 2)) await inWorld(storage, world, async (session) => {
        for (const { model, filter, by, keys } of asked) {
          const { aggregates: [counts = []] } = await session.group({ model, filter, by, keys, aggregates: [{ function: 'count' }] });
          expect((counts as readonly number[]).reduce((sum, count) => sum + count, 0)).toBe(await session.count({ model, filter, keys }));
        }
      });
    }), { numRuns: lawRuns(15) });
  });
});
