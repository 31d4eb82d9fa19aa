import type { Filter, Query } from '@ormolu/kernel';
import { lawRuns } from '@ormolu/test-support';
import * as fc from 'fast-check';
import { countKey, filterKey, groupKey, searchKey } from '../../src/local/query-key';
import { filters, groupings, rows, searches, worldOf } from '../support/small-world';

/** The same filter, written otherwise. */
function rewritten(filter: Filter, dice: () => number): Filter {
  const mixed = (parts: readonly Filter[]): Filter[] => {
    const all = parts.map((part) => rewritten(part, dice));
    if (dice() % 3 === 0 && all[0]) all.push(all[0]);
    return all.map((part) => ({ part, rank: dice() })).sort((a, b) => a.rank - b.rank).map(({ part }) => part);
  };
  const inner = ((): Filter => {
    switch (filter.kind) {
      case 'condition':
        return Array.isArray(filter.value) && (filter.operator === 'in' || filter.operator === 'notIn') ? { ...filter, value: [...filter.value, ...filter.value].reverse() } : { ...filter };
      case 'and':
        return { kind: 'and', all: mixed(filter.all) };
      case 'or':
        return { kind: 'or', any: mixed(filter.any) };
      case 'not':
        return { kind: 'not', not: rewritten(filter.not, dice) };
    }
  })();
  const wrap = dice() % 6;
  return wrap === 0 ? { kind: 'and', all: [inner] } : wrap === 1 ? { kind: 'or', any: [inner] } : inner;
}

test('law: for all filters, however its parts are ordered, repeated and wrapped, the key is the same', () => {
  fc.assert(fc.property(filters, fc.infiniteStream(fc.nat(100)), (filter, stream) => {
    const dice = (): number => stream.next().value as number; // an endless stream
    expect(filterKey(rewritten(filter, dice))).toBe(filterKey(filter));
  }), { numRuns: lawRuns(300) });
});

test('who follows one relation up or down is told from who follows another', () => {
  const along = (field?: string): Filter => ({ kind: 'condition', path: ['id'], operator: 'childOf', value: [1], ...(field === undefined ? {} : { along: field }) });
  expect(new Set([along(), along('parent'), along('twin')].map(filterKey)).size).toBe(3);
});

test('law: for all rows and questions, those that share a key have the same answer', async () => {
  let shared = 0;
  const law = fc.asyncProperty(rows, fc.array(searches, { minLength: 12, maxLength: 12 }), fc.array(filters, { minLength: 6, maxLength: 6 }), async (given, asked, others) => {
    const { session } = await worldOf(given);
    // Near misses: one thing differs.
    const all: Query[] = asked.flatMap((query, at) => [query, { ...query, limit: 2 }, { ...query, offset: 0 }, { ...query, order: [] }, { ...query, filter: others[at % others.length]! }, { ...query, filter: { kind: 'not', not: query.filter } }]);
    const answers = new Map<string, unknown>();
    for (const query of all) {
      for (const [key, answer] of [[searchKey(query), (await session.query(query)).ids], [countKey(query), await session.count(query)]] as const) {
        if (answers.has(key)) {
          shared += 1;
          expect(answer).toEqual(answers.get(key));
        } else answers.set(key, answer);
      }
    }
  });
  await fc.assert(law, { numRuns: lawRuns(40) });
  expect(shared).toBeGreaterThan(0);
}, 120_000);

test('law: for all groupings that differ in one thing, the keys differ', () => {
  fc.assert(fc.property(groupings, (query) => {
    const others = [
      { ...query, model: 'group' }, { ...query, by: [...query.by, ['size']] }, { ...query, aggregates: [...query.aggregates, { function: 'avg' as const, path: ['size'] }] },
      { ...query, limit: 7 }, { ...query, offset: 7 }, { ...query, order: [] }, { ...query, keys: { company: ['1'] } }, { ...query, keys: { lang: ['1'] } }, { ...query, filter: { kind: 'not' as const, not: query.filter } },
    ];
    expect(new Set([query, ...others].map(groupKey)).size).toBe(10);
  }), { numRuns: lawRuns(100) });
});

const VALUES: readonly unknown[] = [
  null, 0, -0, 1, '1', 1n, '1n', true, 'true', NaN, 'NaN', '', 'null', [], [[]], [1], ['1'], {}, { a: 1 }, { a: '1' }, { a: 1, b: 2 }, new Date(1), 'date 1', new Date(2), new Uint8Array([1]), new Uint8Array([2]), 'bytes AQ==', '(eq ["x"] 1)', '} {',
];

test('values that a database may tell apart have keys of their own', () => {
  const key = (value: unknown): string => filterKey({ kind: 'condition', path: ['x'], operator: 'eq', value });
  expect(new Set(VALUES.map(key)).size).toBe(VALUES.length);
  expect(key({ b: 2, a: 1 })).toBe(key({ a: 1, b: 2 }));
  const paths = [['a', 'b'], ['a.b'], ['a","b']].map((path) => filterKey({ kind: 'condition', path, operator: 'eq', value: 1 }));
  expect(new Set(paths).size).toBe(3);
});

test('keys are short, however long the question', () => {
  const long = (last: number): Query => ({ model: 'item', filter: { kind: 'condition', path: ['id'], operator: 'in', value: [...Array.from({ length: 10_000 }, (_, n) => n), last] } });
  expect(searchKey(long(-1)).length).toBeLessThan(60);
  expect(searchKey(long(-1))).not.toBe(searchKey(long(-2)));
  expect(searchKey(long(-1))).not.toBe(countKey(long(-1)));
});
