import { EVERYTHING, SameValue, type Schema } from '@ormolu/kernel';
import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { column, insertRows, valuesOf, type ComplianceRunner, type Fixture } from './fixture';
import { withCode } from './with-code';

/** Reading, adding, changing and removing rows by id. */
export function recordRules({ describe, test, beforeAll }: ComplianceRunner, fixture: Fixture): void {
  describe('records', () => {
    let schema: Schema;
    beforeAll(async () => {
      schema = await fixture.migrated(fixture.tables()
        .add('city', [column('name', 'text'), column('size', 'int4')])
        .add('bare', [])
        .add('odd "table"', [column('select', 'text', { column: 'odd "column"; drop' })], { idColumn: 'the "key"' })
        .add('wide', [column('name', 'text')], { idType: 'bigint' })
        .add('unique', [column('name', 'text')], { idType: 'uuid' })
        .add('named', [column('name', 'text')], { idType: 'text' }));
    });

    test('insert answers the new ids in the order of the rows', () => fixture.undone(schema, async (session) => {
      const names = Array.from({ length: 1000 }, (_, n) => `n${String((n * 7919) % 1000)}`);
      const ids = await session.insert({ model: 'city', count: 1000, fields: ['name'], columns: [names] });
      deepStrictEqual(await valuesOf(session, 'city', ids, 'name'), names);
      strictEqual(new Set(ids).size, 1000);
    }));

    test('fields that an insert does not name get no value', () => fixture.undone(schema, async (session) => {
      const ids = await session.insert({ model: 'city', count: 2, fields: ['size'], columns: [[1, null]] });
      deepStrictEqual(await valuesOf(session, 'city', ids, 'name'), [null, null]);
      strictEqual((await session.insert({ model: 'city', count: 3, fields: [], columns: [] })).length, 3);
      strictEqual((await session.insert({ model: 'bare', count: 3, fields: [], columns: [] })).length, 3);
      deepStrictEqual(await session.insert({ model: 'city', count: 0, fields: ['name'], columns: [[]] }), []);
    }));

    test('a read leaves out ids that do not exist and answers repeats once', () => fixture.undone(schema, async (session) => {
      const [a, b] = await insertRows(session, 'city', [{ name: 'a', size: 1 }, { name: 'b', size: 2 }]);
      const answer = await session.read({ model: 'city', ids: [b ?? 0, a ?? 0, b ?? 0, 2_000_000_000], fields: ['name', 'size'] });
      deepStrictEqual(new Map(answer.ids.map((id, n) => [id, [answer.columns[0]?.[n], answer.columns[1]?.[n]]])), new Map([[a, ['a', 1]], [b, ['b', 2]]]));
      strictEqual(answer.ids.length, 2);
      deepStrictEqual(await session.read({ model: 'city', ids: [], fields: ['name', 'size'] }), { ids: [], columns: [[], []] });
    }));

    test('an update changes the rows that exist and answers their ids', () => fixture.undone(schema, async (session) => {
      const ids = await insertRows(session, 'city', [{ name: 'a' }, { name: 'b' }, { name: 'c' }]);
      const [a = 0, b = 0, c = 0] = ids;
      deepStrictEqual(new Set(await session.update({ model: 'city', ids: [a, 2_000_000_000, b], fields: ['name', 'size'], columns: [['x', 'no', null], [1, 2, 3]] })), new Set([a, b]));
      deepStrictEqual(await valuesOf(session, 'city', ids, 'name'), ['x', null, 'c']);
      deepStrictEqual(await valuesOf(session, 'city', ids, 'size'), [1, 3, null]);
      deepStrictEqual(new Set(await session.update({ model: 'city', ids: [a, c, 2_000_000_000], fields: ['size'], columns: [new SameValue(9)] })), new Set([a, c]));
      deepStrictEqual(await valuesOf(session, 'city', ids, 'size'), [9, 3, 9]);
      deepStrictEqual(new Set(await session.update({ model: 'city', ids: [a, b], fields: ['size', 'name'], columns: [new SameValue(null), ['p', 'q']] })), new Set([a, b]));
      deepStrictEqual(await valuesOf(session, 'city', ids, 'name'), ['p', 'q', 'c']);
      deepStrictEqual(await session.update({ model: 'city', ids: [], fields: ['name'], columns: [[]] }), []);
      deepStrictEqual(await session.update({ model: 'city', ids: [a, 2_000_000_000], fields: [], columns: [] }), [a]);
    }));

    test('a delete answers the ids that existed', () => fixture.undone(schema, async (session) => {
      const [a = 0, b = 0] = await insertRows(session, 'city', [{ name: 'a' }, { name: 'b' }]);
      deepStrictEqual(await session.delete('city', [a, 2_000_000_000]), [a]);
      deepStrictEqual((await session.query({ model: 'city', filter: EVERYTHING })).ids, [b]);
      deepStrictEqual(await session.delete('city', []), []);
    }));

    test('every type of id works', () => fixture.undone(schema, async (session) => {
      const [wide = 0n] = await insertRows(session, 'wide', [{ name: 'w' }]);
      strictEqual(typeof wide, 'bigint');
      const uuids = await insertRows(session, 'unique', [{ name: 'u' }, { name: 'v' }]);
      deepStrictEqual(await valuesOf(session, 'unique', uuids, 'name'), ['u', 'v']);
      deepStrictEqual(await session.insert({ model: 'named', count: 1, fields: ['name'], columns: [['n']], ids: ['key'] }), ['key']);
      deepStrictEqual(await valuesOf(session, 'named', ['key'], 'name'), ['n']);
      deepStrictEqual(await session.insert({ model: 'wide', count: 2, fields: [], columns: [], ids: [9_007_199_254_740_993n, -1n] }), [9_007_199_254_740_993n, -1n]);
      await rejects(insertRows(session, 'named', [{ name: 'n' }]), withCode('STORAGE_IDS_MISSING'));
      strictEqual(session.state, 'open');
    }));

    test('an id is free again for whoever has removed its record', async () => {
      await fixture.committed(schema, (session) => session.insert({ model: 'named', count: 1, fields: ['name'], columns: [['old']], ids: ['again'] }));
      const again = { model: 'named', count: 1, fields: ['name'], columns: [['new']], ids: ['again'] };
      await fixture.undone(schema, (session) => rejects(session.insert(again), withCode('STORAGE_UNIQUE')));
      await fixture.committed(schema, async (session) => {
        deepStrictEqual(await session.delete('named', ['again']), ['again']);
        deepStrictEqual(await session.insert(again), ['again']);
        deepStrictEqual(await valuesOf(session, 'named', ['again'], 'name'), ['new']);
      });
      await fixture.undone(schema, async (session) => {
        deepStrictEqual(await valuesOf(session, 'named', ['again'], 'name'), ['new']);
      });
    });

    test('names with quotes are names', () => fixture.undone(schema, async (session) => {
      const ids = await insertRows(session, 'odd "table"', [{ select: '\'; drop table city; --' }]);
      deepStrictEqual(await valuesOf(session, 'odd "table"', ids, 'select'), ['\'; drop table city; --']);
    }));

    test('an unknown model or field is named, and nothing is sent', () => fixture.undone(schema, async (session) => {
      await rejects(session.read({ model: 'town', ids: [1], fields: ['name'] }), withCode('MODEL_UNKNOWN'));
      await rejects(session.read({ model: 'city', ids: [1], fields: ['nmae'] }), withCode('FIELD_UNKNOWN'));
      await rejects(session.update({ model: 'city', ids: [1], fields: ['nmae'], columns: [['x']] }), withCode('FIELD_UNKNOWN'));
      strictEqual(session.statements, 0);
      strictEqual(session.state, 'open');
    }));

    test('a call is one statement, whatever the number of records', () => fixture.undone(schema, async (session) => {
      await session.count({ model: 'city', filter: EVERYTHING });
      const count = async (call: () => Promise<unknown>): Promise<number> => {
        const before = session.statements;
        await call();
        return session.statements - before;
      };
      const many = Array.from({ length: 70_000 }, (_, n) => n + 1);
      const names = many.map(String);
      let ids: readonly (number | bigint | string)[] = [];
      deepStrictEqual([
        await count(async () => {
          ids = await session.insert({ model: 'city', count: names.length, fields: ['name'], columns: [names] });
        }),
        await count(() => session.read({ model: 'city', ids, fields: ['name'] })),
        await count(() => session.update({ model: 'city', ids, fields: ['name', 'size'], columns: [names, new SameValue(1)] })),
        await count(() => session.query({ model: 'city', filter: { kind: 'condition', path: ['id'], operator: 'in', value: ids } })),
        await count(() => session.delete('city', ids)),
      ], [1, 1, 1, 1, 1]);
      strictEqual(await session.count({ model: 'city', filter: EVERYTHING }), 0);
    }));
  });
}
