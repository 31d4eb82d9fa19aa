import { condition, EVERYTHING, SameValue, type Condition, type Query, type Schema, type Session, type ValueKeys } from '@ormolu/kernel';
import { deepStrictEqual, rejects } from 'node:assert/strict';
import { column, insertRows, onlyColumn, reference, valuesOf, type ComplianceRunner, type Fixture } from './fixture';
import { withCode } from './with-code';

/** What columns mean that hold a value per company or language. */
export function keyedRules({ describe, test, beforeAll }: ComplianceRunner, fixture: Fixture): void {
  describe('columns with a value per key', () => {
    let schema: Schema;
    const at = new Date('2020-02-29T12:00:00.001Z');
    beforeAll(async () => {
      const byCompany = { int4: 'size', int8: 'big', float8: 'price', numeric: 'cost', bool: 'isOpen', date: 'day', timestamptz: 'at', bytea: 'bytes', uuid: 'token', jsonb: 'free' } as const;
      schema = await fixture.migrated(fixture.tables()
        .add('zone', [column('name', 'text')])
        .add('city', [
          column('name', 'text'), column('slogan', 'jsonb', { keyed: { by: 'lang', type: 'text' } }),
          ...Object.entries(byCompany).map(([type, field]) => column(field, 'jsonb', { keyed: { by: 'company', type: type as keyof typeof byCompany } })),
          column('zone', 'jsonb', { keyed: { by: 'company', type: 'int4', references: 'zone' } }), reference('twin', 'city'),
        ]));
      await fixture.committed(schema, async (session) => {
        await insertRows(session, 'zone', [{ name: 'north' }, { name: 'south' }]);
        await insertRows(session, 'city', [
          {
            name: 'a', slogan: { en: 'Hi', fr: 'Salut' }, zone: { 1: 1, 2: 2 }, twin: 2, size: { 1: 5, 2: -1 }, big: { 1: '9007199254740993' }, price: { 1: 1.5, 2: 'NaN' }, cost: { 1: '10.50', 2: '9' },
            isOpen: { 1: true }, day: { 1: '2020-02-29' }, at: { 1: at.toISOString() }, bytes: { 1: 'AP8=' }, token: { 1: '00000000-0000-0000-0000-00000000000a' }, free: { 1: { a: [1] } },
          },
          { name: 'b', slogan: { en: 'Ahoy', fr: null }, zone: { 1: 2 }, size: { 2: 7 }, price: { 1: -2 } },
          { name: 'c', slogan: { de: 'Moin' } },
          { name: 'd' },
        ]);
      });
    });

    const find = (keys: ValueKeys | undefined, filter: Condition, query: Partial<Query> = {}): Promise<string> => fixture.undone(schema, async (session) => (
      onlyColumn(await session.query({ model: 'city', filter, fields: ['name'], keys, ...query })).join('')));
    const one = { company: ['1'] };

    test('a filter looks under the key asked for', async () => {
      const holds: readonly (readonly [string, string, unknown])[] = [
        ['size', 'eq', 5], ['size', 'lt', 6], ['big', 'eq', 9_007_199_254_740_993n], ['price', 'gte', 1], ['cost', 'eq', '10.5'], ['isOpen', 'eq', true], ['day', 'lte', '2020-03-01'], ['at', 'eq', at],
        ['bytes', 'eq', new Uint8Array([0, 255])], ['token', 'in', ['00000000-0000-0000-0000-00000000000a']], ['free', 'eq', { a: [1] }], ['zone', 'eq', 1], ['zone.name', 'startsWith', 'nor'],
      ];
      for (const [path, operator, value] of holds) deepStrictEqual(await find(one, condition(path.split('.'), operator as Condition['operator'], value)), 'a', path);
      deepStrictEqual(await find({ company: ['2'] }, condition(['size'], 'gt', 0)), 'b');
      deepStrictEqual(await find({ company: ['2'] }, condition(['price'], 'eq', NaN)), 'a');
      deepStrictEqual(await find(one, condition(['size'], 'ne', 5)), 'bcd');
      deepStrictEqual(await find(one, condition(['size'], 'gte', null)), '');
      deepStrictEqual(await find({ company: ['2'] }, condition(['twin', 'size'], 'eq', 7)), 'a');
      deepStrictEqual(await find(one, condition(['zone'], 'isNull', true)), 'cd');
    });

    test('the first key that is there counts, also when it holds no value', async () => {
      const french = { lang: ['fr', 'en'] };
      deepStrictEqual(await find(french, condition(['slogan'], 'eq', 'Salut')), 'a');
      deepStrictEqual(await find(french, condition(['slogan'], 'isNull', true)), 'bcd');
      deepStrictEqual(await find({ lang: ['it', 'en'] }, condition(['slogan'], 'ilike', 'a%')), 'b');
      deepStrictEqual(await find({ lang: ['it', 'de', 'en'] }, condition(['slogan'], 'exists', true)), 'abc');
    });

    test('without a key there is no value', async () => {
      for (const keys of [undefined, {}, { company: [] }, { lang: ['en'] }, { company: ['9'] }]) {
        deepStrictEqual(await find(keys, condition(['size'], 'isNull', true)), 'abcd');
        deepStrictEqual(await find(keys, condition(['zone', 'name'], 'eq', 'north')), '');
      }
    });

    test('a condition may be on the value under any key', async () => {
      const any = { company: 'any', lang: 'any' } as const;
      const holds: readonly (readonly [string, Condition['operator'], unknown, string])[] = [
        ['zone', 'in', [2], 'ab'], ['zone', 'eq', 1, 'a'], ['zone', 'in', [1, 2], 'ab'], ['zone', 'in', [3], ''], ['big', 'eq', 9_007_199_254_740_993n, 'a'], ['cost', 'eq', '9.0', 'a'], ['price', 'lt', 0, 'b'],
        ['slogan', 'ilike', 'a%', 'b'], ['slogan', 'isNull', true, 'b'], ['slogan', 'eq', 'Moin', 'c'], ['bytes', 'eq', new Uint8Array([0, 255]), 'a'], ['free', 'eq', { a: [1] }, 'a'],
        // Of other records there is no value.
        ['zone.name', 'eq', 'north', ''], ['twin.zone', 'eq', 2, ''],
      ];
      for (const [path, operator, value, expected] of holds) deepStrictEqual(await find(any, condition(path.split('.'), operator, value)), expected, `${path} ${operator}`);
      deepStrictEqual(await find({ lang: 'any' }, condition(['size'], 'eq', 5)), '');
    });

    test('keys are texts and no part of the statement', async () => {
      for (const key of ["'", '"', '?', '$1', '%', "1'::text", '\\']) deepStrictEqual(await find({ company: [key] }, condition(['size'], 'isNull', false)), '');
    });

    test('an order and groups look under the key, too', async () => {
      deepStrictEqual(await find(one, condition(['name'], 'exists', true), { order: [{ path: ['price'], direction: 'desc' }] }), 'cdab');
      deepStrictEqual(await find({ lang: ['en'] }, condition(['name'], 'exists', true), { order: [{ path: ['slogan'], direction: 'asc' }] }), 'bacd');
      await fixture.undone(schema, async (session) => {
        deepStrictEqual(await session.group({ model: 'city', filter: EVERYTHING, by: [['zone', 'name']], aggregates: [{ function: 'sum', path: ['size'] }, { function: 'max', path: ['cost'] }], keys: one }), {
          count: 3, keys: [['north', 'south', null]], aggregates: [[5, null, null], ['10.5', null, null]],
        });
        await rejects(session.query({ model: 'city', filter: EVERYTHING, order: [{ path: ['free'], direction: 'asc' }], keys: one }), withCode('ORDER_PATH'));
      });
    });

    const sizes = (session: Session): Promise<unknown[]> => valuesOf(session, 'city', [1, 2, 4], 'size');

    test('an update changes the keys it names and no others', () => fixture.undone(schema, async (session) => {
      deepStrictEqual(await sizes(session), [{ 1: 5, 2: -1 }, { 2: 7 }, null]);
      await session.update({ model: 'city', ids: [1, 2, 4], fields: ['size'], columns: [[{ 1: 6 }, { 1: null, 3: 9 }, { 2: 8 }]] });
      deepStrictEqual(await sizes(session), [{ 1: 6, 2: -1 }, { 1: null, 2: 7, 3: 9 }, { 2: 8 }]);
      await session.update({ model: 'city', ids: [1, 2, 4], fields: ['size', 'name'], columns: [new SameValue({ 2: 0 }), ['x', 'y', 'z']] });
      deepStrictEqual(await sizes(session), [{ 1: 6, 2: 0 }, { 1: null, 2: 0, 3: 9 }, { 2: 0 }]);
    }));

    test('no value at all empties the column', () => fixture.undone(schema, async (session) => {
      await session.update({ model: 'city', ids: [1], fields: ['size'], columns: [new SameValue(null)] });
      await session.update({ model: 'city', ids: [2], fields: ['size', 'name'], columns: [[null], ['y']] });
      deepStrictEqual(await sizes(session), [null, null, null]);
    }));
  });
}
