import { allOf, condition, EVERYTHING, type Condition, type Filter, type Operator, type Schema, type StoredId } from '@ormolu/kernel';
import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { column, found, insertRows, reference, type ComplianceRunner, type Fixture } from './fixture';
import { withCode } from './with-code';

const not = (filter: Filter): Filter => ({ kind: 'not', not: filter });
const or = (...any: readonly Filter[]): Filter => ({ kind: 'or', any });

/** The names found by a condition on a path such as `country.name`; in the order of the ids. */
const EXPECTED: readonly (readonly [path: string, operator: Operator, value: unknown, names: readonly string[]])[] = [
  ['name', 'eq', 'Ghent', ['Ghent']],
  ['name', 'ne', 'Ghent', ['Lille', 'ghent', 'Oslo']],
  ['size', 'eq', null, ['Oslo']],
  ['size', 'ne', null, ['Ghent', 'Lille', 'ghent']],
  ['size', 'ne', 5, ['Lille', 'ghent', 'Oslo']],
  ['size', 'gt', 5, ['Lille']],
  ['size', 'gte', 5, ['Ghent', 'Lille']],
  ['size', 'lt', 5, ['ghent']],
  ['size', 'lte', 5, ['Ghent', 'ghent']],
  ['size', 'lt', null, []],
  ['size', 'lt', 3_000_000_000, ['Ghent', 'Lille', 'ghent']],
  ['size', 'eq', 3_000_000_000, []],
  ['size', 'in', [5, 3_000_000_000], ['Ghent']],
  ['size', 'in', [], []],
  ['size', 'in', [5, 1], ['Ghent', 'ghent']],
  ['size', 'in', [5, null], ['Ghent', 'Oslo']],
  ['size', 'notIn', [], ['Ghent', 'Lille', 'ghent', 'Oslo']],
  ['size', 'notIn', [5], ['Lille', 'ghent', 'Oslo']],
  ['size', 'notIn', [5, null], ['Lille', 'ghent']],
  ['size', 'isNull', true, ['Oslo']],
  ['size', 'isNull', false, ['Ghent', 'Lille', 'ghent']],
  ['size', 'exists', true, ['Ghent', 'Lille', 'ghent']],
  ['size', 'exists', false, ['Oslo']],
  ['name', 'like', 'Gh%', ['Ghent']],
  ['name', 'like', '_hent', ['Ghent', 'ghent']],
  ['name', 'like', 'Ghent', ['Ghent']],
  ['name', 'like', '%\\%%', []],
  ['name', 'ilike', 'gHEN_', ['Ghent', 'ghent']],
  ['name', 'startsWith', 'gh', ['ghent']],
  ['name', 'startsWith', '_', []],
  ['name', 'startsWith', '', ['Ghent', 'Lille', 'ghent', 'Oslo']],
  ['name', 'gt', 'Z', ['ghent']],
  ['note', 'ilike', 'É\\%!%', ['Ghent']],
  ['price', 'eq', '1.5', ['Ghent']],
  ['price', 'gt', '1.499999999999999999999', ['Ghent', 'Lille']],
  ['price', 'in', ['01.50', '9'], ['Ghent']],
  ['json', 'eq', { b: 1, a: [2] }, ['Ghent']],
  ['json', 'isNull', true, ['ghent', 'Oslo']],
  ['id', 'in', [], []],
  ['country.name', 'eq', 'Belgium', ['Ghent', 'ghent']],
  ['country.name', 'ne', 'Belgium', ['Lille', 'Oslo']],
  ['country.name', 'isNull', true, ['Oslo']],
  ['country', 'exists', true, ['Ghent', 'Lille', 'ghent']],
  ['country.continent.name', 'eq', 'Europe', ['Ghent', 'Lille', 'ghent']],
  ['country.continent.name', 'isNull', true, ['Oslo']],
  ['country.continent.id', 'isNull', true, ['Oslo']],
  ['tags', 'exists', true, ['Ghent', 'Lille']],
  ['tags', 'exists', false, ['ghent', 'Oslo']],
  ['tags', 'isNull', true, ['ghent', 'Oslo']],
  ['tags.name', 'eq', 'old', ['Ghent']],
  ['tags.name', 'ne', 'old', ['Ghent', 'Lille']],
  ['tags.name', 'like', '%l%', ['Ghent']],
  ['country.cities.name', 'eq', 'Ghent', ['Ghent', 'ghent']],
  ['country.cities.tags.name', 'eq', 'big', ['Ghent', 'Lille', 'ghent']],
  ['country.cities.country.name', 'eq', 'Belgium', ['Ghent', 'ghent']],
];

/** What every filter and order means. */
export function filterRules({ describe, test, beforeAll }: ComplianceRunner, fixture: Fixture): void {
  describe('filters', () => {
    let schema: Schema;
    const ids: Record<string, StoredId> = {};
    beforeAll(async () => {
      schema = await fixture.migrated(fixture.tables()
        .add('continent', [column('name', 'text')])
        .add('country', [column('name', 'text'), reference('continent', 'continent')], { lists: [{ field: 'cities', kind: 'one2many', model: 'city', inverse: 'country' }] })
        .add('city', [column('name', 'text'), column('size', 'int4'), column('price', 'numeric'), column('json', 'jsonb'), column('note', 'text'), reference('country', 'country')],
          { lists: [{ field: 'tags', kind: 'many2many', model: 'tag', relation: 'city.tag', column: 'city', otherColumn: 'tag' }], order: [{ path: ['id'], direction: 'asc' }] })
        .add('tag', [column('name', 'text')])
        .add('city.tag', [reference('city', 'city', 'cascade', { required: true }), reference('tag', 'tag', 'cascade', { required: true })])
        .add('area', [column('name', 'text'), reference('parent', 'area')], { parent: 'parent' }));
      await fixture.committed(schema, async (session) => {
        const [europe] = await insertRows(session, 'continent', [{ name: 'Europe' }]);
        const [belgium, france] = await insertRows(session, 'country', [{ name: 'Belgium', continent: europe }, { name: 'France', continent: europe }]);
        const cities = await insertRows(session, 'city', [
          { name: 'Ghent', size: 5, price: '1.50', json: { a: [2], b: 1 }, note: 'é%!', country: belgium },
          { name: 'Lille', size: 6, price: '2', json: 'x', note: null, country: france },
          { name: 'ghent', size: 1, price: '-7', json: null, note: 'É', country: belgium },
          { name: 'Oslo', size: null, price: null, json: null, note: null, country: null },
        ]);
        const [old, big] = await insertRows(session, 'tag', [{ name: 'old' }, { name: 'big' }]);
        await insertRows(session, 'city.tag', [{ city: cities[0], tag: old }, { city: cities[0], tag: big }, { city: cities[1], tag: big }]);
        const areas = await insertRows(session, 'area', ['a', 'b', 'c', 'd'].map((name) => ({ name })));
        const [a = 0, b = 0, c = 0, d = 0] = areas;
        // a ← b ← c, and d its own parent
        await session.update({ model: 'area', ids: [b, c, d], fields: ['parent'], columns: [[a, b, d]] });
        Object.assign(ids, { belgium, old, a, b, c, d });
      });
    });

    const names = (filter: Filter): Promise<readonly unknown[]> => fixture.undone(schema, (session) => found(session, 'city', filter, 'name'));

    test('each operator finds what it says, and its negation the rest', () => fixture.undone(schema, async (session) => {
      for (const [path, operator, value, expected] of EXPECTED) {
        const filter = condition(path.split('.'), operator, value);
        deepStrictEqual(await found(session, 'city', filter, 'name'), expected, `${path} ${operator} ${JSON.stringify(value)}`);
        strictEqual(await session.count({ model: 'city', filter }), expected.length);
        const rest = ['Ghent', 'Lille', 'ghent', 'Oslo'].filter((name) => !expected.includes(name));
        deepStrictEqual(await found(session, 'city', not(filter), 'name'), rest, `not ${path} ${operator} ${JSON.stringify(value)}`);
        deepStrictEqual(await found(session, 'city', not(not(filter)), 'name'), expected);
      }
    }));

    test('a list at the end of a path compares the ids of its records', async () => {
      deepStrictEqual(await names(condition(['tags'], 'eq', ids['old'])), ['Ghent']);
      deepStrictEqual(await names(condition(['tags', 'id'], 'in', [ids['old']])), ['Ghent']);
      deepStrictEqual(await names(condition(['tags'], 'ne', ids['old'])), ['Ghent', 'Lille']);
      deepStrictEqual(await names(not(condition(['tags'], 'in', [ids['old']]))), ['Lille', 'ghent', 'Oslo']);
      deepStrictEqual(await names(condition(['country'], 'eq', ids['belgium'])), ['Ghent', 'ghent']);
    });

    test('and, or and not combine; empty ones are true and false', async () => {
      deepStrictEqual(await names(EVERYTHING), ['Ghent', 'Lille', 'ghent', 'Oslo']);
      deepStrictEqual(await names(or()), []);
      deepStrictEqual(await names(not(EVERYTHING)), []);
      deepStrictEqual(await names(allOf([condition(['size'], 'gt', 1), or(condition(['name'], 'eq', 'Lille'), condition(['size'], 'isNull', true))])), ['Lille']);
    });

    test('childOf and parentOf include the record itself and end on circles', () => fixture.undone(schema, async (session) => {
      const areas = (operator: Operator, value: unknown, path = ['id']): Promise<readonly unknown[]> => found(session, 'area', condition(path, operator, value), 'name');
      deepStrictEqual(await areas('childOf', ids['a']), ['a', 'b', 'c']);
      deepStrictEqual(await areas('childOf', [ids['b'], ids['d']]), ['b', 'c', 'd']);
      deepStrictEqual(await areas('parentOf', ids['c']), ['a', 'b', 'c']);
      deepStrictEqual(await areas('parentOf', []), []);
      deepStrictEqual(await areas('childOf', 2_000_000_000), []);
      deepStrictEqual(await areas('childOf', ids['b'], ['parent']), ['c']);
      await rejects(session.query({ model: 'city', filter: condition(['country'], 'childOf', 1) }), withCode('FILTER_OPERATOR'));
    }));

    test('what means nothing is refused before it is sent', () => fixture.undone(schema, async (session) => {
      const refused: readonly (readonly [string, Condition])[] = [
        ['FIELD_UNKNOWN', condition(['country', 'nmae'], 'eq', 'x')], ['FILTER_PATH', condition(['name', 'x'], 'eq', 'x')], ['FILTER_PATH', condition(['id', 'x'], 'eq', 'x')],
        ['FILTER_PATH', condition([], 'eq', 'x')], ['FILTER_OPERATOR', condition(['size'], 'like', 'x')], ['FILTER_OPERATOR', condition(['json'], 'gt', 1)],
        ['FILTER_VALUE', condition(['size'], 'in', 5)], ['FILTER_VALUE', condition(['name'], 'like', 5)], ['FILTER_VALUE', condition(['name'], 'like', 'x\\')],
        ['FILTER_VALUE', condition(['name'], 'isNull', null)], ['STORAGE_VALUE', condition(['size'], 'eq', '5; drop table')],
      ];
      for (const [code, filter] of refused) await rejects(session.query({ model: 'city', filter }), withCode(code, 'drop'));
      await rejects(session.query({ model: 'city', filter: EVERYTHING, order: [{ path: ['tags', 'name'], direction: 'asc' }] }), withCode('ORDER_PATH'));
      await rejects(session.query({ model: 'city', filter: EVERYTHING, order: [{ path: ['json'], direction: 'asc' }] }), withCode('ORDER_PATH'));
      for (const limit of [-1, 1.5, NaN]) await rejects(session.query({ model: 'city', filter: EVERYTHING, limit }), withCode('QUERY_BOUND'));
      strictEqual(session.state, 'open');
    }));

    test('orders follow code points, put no value last ascending and first descending, and break ties by id', () => fixture.undone(schema, async (session) => {
      const ordered = async (path: string, direction: 'asc' | 'desc'): Promise<readonly unknown[]> => (
        (await session.query({ model: 'city', filter: EVERYTHING, order: [{ path: path.split('.'), direction }], fields: ['name'] })).columns[0] ?? []);
      deepStrictEqual(await ordered('name', 'asc'), ['Ghent', 'Lille', 'Oslo', 'ghent']);
      deepStrictEqual(await ordered('size', 'asc'), ['ghent', 'Ghent', 'Lille', 'Oslo']);
      deepStrictEqual(await ordered('size', 'desc'), ['Oslo', 'Lille', 'Ghent', 'ghent']);
      deepStrictEqual(await ordered('country.name', 'asc'), ['Ghent', 'ghent', 'Lille', 'Oslo']);
      deepStrictEqual(await ordered('country.name', 'desc'), ['Oslo', 'Lille', 'Ghent', 'ghent']);
      deepStrictEqual(await ordered('id', 'desc'), ['Oslo', 'ghent', 'Lille', 'Ghent']);
    }));

    test('limit and offset cut the ordered answer; count leaves them aside', () => fixture.undone(schema, async (session) => {
      const query = { model: 'city', filter: EVERYTHING, order: [{ path: ['name'], direction: 'asc' }], fields: ['name'] } as const;
      deepStrictEqual((await session.query({ ...query, limit: 2, offset: 1 })).columns, [['Lille', 'Oslo']]);
      deepStrictEqual((await session.query({ ...query, limit: 0 })).ids, []);
      deepStrictEqual((await session.query({ ...query, offset: 9 })).ids, []);
      strictEqual(await session.count({ ...query, limit: 1, offset: 3 }), 4);
    }));

    test('letters that differ by case only are the same to ilike, beyond ASCII too', () => fixture.undone(schema, async (session) => {
      await insertRows(session, 'tag', ['ÀÉÎÕÜ', 'ΣΑΣ', 'ДОМ', 'STRASSE', 'Straße', 'İ'].map((name) => ({ name })));
      const tags = (pattern: string): Promise<readonly unknown[]> => found(session, 'tag', condition(['name'], 'ilike', pattern), 'name');
      deepStrictEqual(await tags('àéîõü'), ['ÀÉÎÕÜ']);
      deepStrictEqual(await tags('дом'), ['ДОМ']);
      deepStrictEqual(await tags('straße'), ['Straße']);
      deepStrictEqual(await tags('σασ'), ['ΣΑΣ']);
    }));
  });
}
