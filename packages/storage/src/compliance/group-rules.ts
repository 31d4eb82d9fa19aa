import { condition, EVERYTHING, type Aggregate, type GroupQuery, type Groups, type Schema } from '@ormolu/kernel';
import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { column, insertRows, reference, type ComplianceRunner, type Fixture } from './fixture';
import { withCode } from './with-code';

const of = (name: Aggregate['function'], path: string): Aggregate => ({ function: name, path: path.split('.') });

/** What groups and their figures are. */
export function groupRules({ describe, test, beforeAll }: ComplianceRunner, fixture: Fixture): void {
  describe('groups', () => {
    let schema: Schema;
    const at = new Date('2020-02-29T12:00:00.001Z');
    beforeAll(async () => {
      schema = await fixture.migrated(fixture.tables()
        .add('country', [column('name', 'text')], { lists: [{ field: 'cities', kind: 'one2many', model: 'city', inverse: 'country' }] })
        .add('city', [column('name', 'text'), column('size', 'int4'), column('big', 'int8'), column('ratio', 'float8'), column('price', 'numeric', { scale: 2 }),
          column('free', 'numeric'), column('day', 'date'), column('at', 'timestamptz'), column('json', 'jsonb'), column('isOpen', 'bool'), reference('country', 'country')]));
      await fixture.committed(schema, async (session) => {
        const [belgium, france] = await insertRows(session, 'country', [{ name: 'Belgium' }, { name: 'France' }]);
        await insertRows(session, 'city', [
          { name: 'b', size: 2_147_483_647, big: 9_223_372_036_854_775_807n, ratio: 0.5, price: '1.10', free: '1.50', day: '2020-01-02', at, isOpen: true, country: belgium },
          { name: 'a', size: 2_147_483_647, big: 9_223_372_036_854_775_807n, ratio: -0, price: '2.25', free: '1.5', day: '2020-01-01', at: new Date(0), isOpen: true, country: belgium },
          { name: 'Z', size: 1, big: -1n, ratio: 0, price: null, free: null, isOpen: false, country: france },
          { name: null, size: null, big: null, ratio: null, price: '0.01', free: '-2', country: null },
        ]);
      });
    });

    const grouped = (query: Partial<GroupQuery>): Promise<Groups> => (
      fixture.undone(schema, (session) => session.group({ model: 'city', filter: EVERYTHING, by: [], aggregates: [], ...query })));

    test('records without a value make a group of their own, last of all', async () => {
      deepStrictEqual(await grouped({ by: [['country', 'name']], aggregates: [{ function: 'count' }, of('count', 'price')] }), {
        count: 3, keys: [['Belgium', 'France', null]], aggregates: [[2, 1, 1], [2, 0, 1]],
      });
    });

    test('sums and means are exact, beyond the column\'s own bounds', async () => {
      deepStrictEqual(await grouped({ by: [['isOpen']], aggregates: [of('sum', 'size'), of('sum', 'big'), of('sum', 'ratio'), of('sum', 'price'), of('sum', 'free'), of('avg', 'size'), of('avg', 'big'), of('avg', 'ratio'), of('avg', 'price'), of('avg', 'free')] }), {
        count: 3, keys: [[false, true, null]],
        aggregates: [
          [1, 4_294_967_294, null], [-1n, 18_446_744_073_709_551_614n, null], [0, 0.5, null], [null, '3.35', '0.01'], [null, '3.00', '-2'],
          [1, 2_147_483_647, null], [-1, 9_223_372_036_854_775_807, null], [0, 0.25, null], [null, '1.67500000', '0.01000000'], [null, '1.50000000', '-2.000000'],
        ],
      });
    });

    test('least and greatest go by code points, days and instants', async () => {
      deepStrictEqual(await grouped({ aggregates: [of('min', 'name'), of('max', 'name'), of('min', 'day'), of('max', 'day'), of('min', 'at'), of('max', 'at'), of('min', 'price'), of('max', 'free'), of('min', 'big')] }), {
        count: 1, keys: [], aggregates: [['Z'], ['b'], ['2020-01-01'], ['2020-01-02'], [new Date(0)], [at], ['0.01'], ['1.5'], [-1n]],
      });
    });

    test('equal values are one group and one value, however they are written', async () => {
      deepStrictEqual(await grouped({ by: [['free']], aggregates: [{ function: 'count' }] }), { count: 3, keys: [['-2', '1.5', null]], aggregates: [[1, 2, 1]] });
      deepStrictEqual(await grouped({ by: [['ratio']], aggregates: [{ function: 'count' }] }), { count: 3, keys: [[0, 0.5, null]], aggregates: [[2, 1, 1]] });
      deepStrictEqual(await grouped({ aggregates: [of('countDistinct', 'free'), of('countDistinct', 'ratio'), of('countDistinct', 'size'), of('countDistinct', 'country.name'), of('countDistinct', 'id')] }), {
        count: 1, keys: [], aggregates: [[2], [2], [2], [2], [4]],
      });
    });

    test('without keys all records are one group, also when there are none', async () => {
      const filter = condition(['name'], 'eq', 'nowhere');
      deepStrictEqual(await grouped({ filter, aggregates: [{ function: 'count' }, of('sum', 'size'), of('max', 'name'), of('avg', 'price'), of('countDistinct', 'name')] }), {
        count: 1, keys: [], aggregates: [[0], [null], [null], [null], [0]],
      });
      deepStrictEqual(await grouped({ filter, by: [['name']], aggregates: [{ function: 'count' }] }), { count: 0, keys: [[]], aggregates: [[]] });
      deepStrictEqual(await grouped({}), { count: 1, keys: [], aggregates: [] });
    });

    test('groups come in the order asked for, ties by their keys, within the bounds', async () => {
      const query: Partial<GroupQuery> = { by: [['country'], ['isOpen']], aggregates: [{ function: 'count' }, of('sum', 'price')] };
      const opens = async (more: Partial<GroupQuery>): Promise<unknown> => (await grouped({ ...query, ...more })).keys[1];
      deepStrictEqual(await opens({ order: [{ aggregate: 0, direction: 'desc' }] }), [true, false, null]);
      deepStrictEqual(await opens({ order: [{ aggregate: 1, direction: 'desc' }] }), [false, true, null]);
      deepStrictEqual(await opens({ order: [{ key: 1, direction: 'desc' }] }), [null, true, false]);
      deepStrictEqual(await opens({ order: [{ key: 1, direction: 'desc' }], offset: 1, limit: 1 }), [true]);
    });

    test('groups in the order of a mean go by the mean as it is answered, whatever digits it has on the way', async () => {
      const means = await fixture.migrated(fixture.tables().add('mean', [column('name', 'text'), column('big', 'int8'), column('free', 'numeric')]));
      await fixture.undone(means, async (session) => {
        // One more than a number holds exactly, and a third beside its first six digits: each pair answers the same.
        await insertRows(session, 'mean', [
          { name: 'a', big: 9_007_199_254_740_993n, free: '1' }, { name: 'a', big: null, free: '0' }, { name: 'a', big: null, free: '0' },
          { name: 'b', big: 9_007_199_254_740_992n, free: '0.333333' }, { name: 'c', big: 5n, free: '0.333332' },
        ]);
        const ordered = async (path: string, direction: 'asc' | 'desc'): Promise<Groups> => (
          session.group({ model: 'mean', filter: EVERYTHING, by: [['name']], aggregates: [of('avg', path)], order: [{ aggregate: 0, direction }] }));
        const bigs = [9_007_199_254_740_992, 9_007_199_254_740_992, 5];
        const thirds = ['0.333333', '0.333333000000', '0.333332000000'];
        deepStrictEqual(await ordered('big', 'desc'), { count: 3, keys: [['a', 'b', 'c']], aggregates: [bigs] });
        deepStrictEqual(await ordered('free', 'desc'), { count: 3, keys: [['a', 'b', 'c']], aggregates: [thirds] });
        deepStrictEqual((await ordered('big', 'asc')).keys, [['c', 'a', 'b']]);
        deepStrictEqual((await ordered('free', 'asc')).keys, [['c', 'a', 'b']]);
      });
    });

    test('what fractions add up to does not depend on the order in which their rows are found', async () => {
      const fractions = await fixture.migrated(fixture.tables().add('fraction', [column('name', 'text'), column('ratio', 'float8')]));
      await fixture.undone(fractions, async (session) => {
        await insertRows(session, 'fraction', [['a', 1.5], ['a', -1.5], ['a', 1e-300], ['b', 1e-300], ['b', 1.5], ['b', -1.5]].map(([name, ratio]) => ({ name, ratio })));
        deepStrictEqual(await session.group({ model: 'fraction', filter: EVERYTHING, by: [['name']], aggregates: [of('sum', 'ratio'), of('avg', 'ratio')], order: [{ aggregate: 0, direction: 'desc' }, { aggregate: 1, direction: 'desc' }] }), {
          count: 2, keys: [['a', 'b']], aggregates: [[0, 0], [0, 0]],
        });
      });
    });

    test('a filter says which records count', async () => {
      deepStrictEqual((await grouped({ by: [['country', 'name']], aggregates: [{ function: 'count' }], filter: condition(['country', 'name'], 'eq', 'France') })).keys, [['France']]);
    });

    test('what means nothing is refused before it is sent', () => fixture.undone(schema, async (session) => {
      const refused: readonly (readonly [string, Partial<GroupQuery>])[] = [
        ['GROUP_PATH', { by: [['json']] }], ['GROUP_PATH', { model: 'country', by: [['cities', 'name']] }], ['GROUP_PATH', { aggregates: [of('countDistinct', 'json')] }],
        ['GROUP_FUNCTION', { aggregates: [of('sum', 'name')] }], ['GROUP_FUNCTION', { aggregates: [of('avg', 'country')] }], ['GROUP_FUNCTION', { aggregates: [of('sum', 'id')] }],
        ['GROUP_FUNCTION', { aggregates: [of('max', 'isOpen')] }], ['GROUP_FUNCTION', { aggregates: [{ function: 'sum' }] }], ['GROUP_ORDER', { by: [['name']], order: [{ key: 1, direction: 'asc' }] }],
        ['GROUP_ORDER', { order: [{ aggregate: 0, direction: 'asc' }] }], ['FIELD_UNKNOWN', { by: [['nmae']] }], ['QUERY_BOUND', { by: [['name']], limit: -1 }],
      ];
      for (const [code, query] of refused) await rejects(session.group({ model: 'city', filter: EVERYTHING, by: [], aggregates: [], ...query }), withCode(code), JSON.stringify(query));
      strictEqual(session.state, 'open');
    }));
  });
}
