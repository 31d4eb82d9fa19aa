import { EVERYTHING, SameValue, type Filter, type Operator, type Schema, type StoredId } from '@ormolu/kernel';
import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { column, insertRows, valuesOf, type ComplianceRunner, type Fixture } from './fixture';
import { withCode } from './with-code';

/** What plain JavaScript may give a session, whatever the types say: every storage says the same of it. */
export function inputRules({ describe, test, beforeAll }: ComplianceRunner, fixture: Fixture): void {
  describe('input', () => {
    let schema: Schema;
    beforeAll(async () => {
      schema = await fixture.migrated(fixture.tables()
        .add('city', [column('name', 'text'), column('size', 'int4')])
        .add('unique', [column('name', 'text')], { idType: 'uuid', versioned: true })
        .add('named', [column('name', 'text')], { idType: 'text' }));
    });

    test('ids of a wrong kind are refused', () => fixture.undone(schema, async (session) => {
      const wrong: readonly (readonly [string, unknown])[] = [['city', '1'], ['city', 1n], ['city', 1.5], ['unique', 'no uuid'], ['unique', 1], ['named', 1]];
      for (const [model, id] of wrong) {
        const ids = [id as StoredId];
        await rejects(session.read({ model, ids, fields: ['name'] }), withCode('STORAGE_VALUE'), `${model} ${String(id)}`);
        await rejects(session.update({ model, ids, fields: ['name'], columns: [['x']] }), withCode('STORAGE_VALUE'));
        await rejects(session.update({ model, ids, fields: [], columns: [] }), withCode('STORAGE_VALUE'));
        await rejects(session.delete(model, ids), withCode('STORAGE_VALUE'));
      }
      strictEqual(session.state, 'open');
    }));

    test('uuids mean the same in capitals, and are answered in small letters', () => fixture.undone(schema, async (session) => {
      const id = '0d9f4c1e-6a55-4b0c-9a1f-3d2c7e8b5a10';
      const capitals = id.toUpperCase();
      deepStrictEqual(await session.insert({ model: 'unique', count: 1, ids: [capitals], fields: ['name'], columns: [['a']] }), [id]);
      deepStrictEqual((await session.read({ model: 'unique', ids: [capitals, id], fields: ['name'] })), { ids: [id], columns: [['a']] });
      deepStrictEqual(await session.insert({ model: 'unique', count: 1, ids: [capitals], fields: ['name'], columns: [['a']], skipsExisting: true }), []);
      deepStrictEqual(await session.update({ model: 'unique', ids: [capitals], fields: ['name'], columns: [['b']], expected: [1n] }), [id]);
      deepStrictEqual(await session.update({ model: 'unique', ids: [capitals], fields: ['name'], columns: [new SameValue('c')] }), [id]);
      deepStrictEqual(await session.delete('unique', [capitals], [3n]), [id]);
    }));

    test('an id given twice is refused where its values may differ, and changed once where they cannot', () => fixture.undone(schema, async (session) => {
      const [id = 0] = await insertRows(session, 'city', [{ name: 'a', size: 1 }]);
      await rejects(session.update({ model: 'city', ids: [id, id], fields: ['name'], columns: [['hush', 'hushed']] }), withCode('STORAGE_ROWS_INVALID', 'hush'));
      deepStrictEqual(await session.update({ model: 'city', ids: [id, id], fields: ['name'], columns: [new SameValue('z')] }), [id]);
      deepStrictEqual(await session.update({ model: 'city', ids: [id, id], fields: [], columns: [] }), [id]);
      deepStrictEqual(await valuesOf(session, 'city', [id], 'name'), ['z']);
    }));

    test('a column that is shorter or longer than the records is refused', () => fixture.undone(schema, async (session) => {
      const ids = await insertRows(session, 'city', [{ name: 'a' }, { name: 'b' }]);
      for (const columns of [[['x']], [['x', 'y', 'z']], [], [['x', 'y'], ['x', 'y']]]) {
        await rejects(session.insert({ model: 'city', count: 2, fields: ['name'], columns }), withCode('STORAGE_ROWS_INVALID'));
        await rejects(session.update({ model: 'city', ids, fields: ['name'], columns }), withCode('STORAGE_ROWS_INVALID'));
      }
      await rejects(session.insert({ model: 'named', count: 2, ids: ['a'], fields: [], columns: [] }), withCode('STORAGE_ROWS_INVALID'));
      await rejects(session.insert({ model: 'city', count: -1, fields: [], columns: [] }), withCode('STORAGE_ROWS_INVALID'));
      await rejects(session.delete('unique', ['0d9f4c1e-6a55-4b0c-9a1f-3d2c7e8b5a10'], []), withCode('STORAGE_ROWS_INVALID'));
      deepStrictEqual(await valuesOf(session, 'city', ids, 'name'), ['a', 'b']);
      strictEqual(await session.count({ model: 'city', filter: EVERYTHING }), 2);
    }));

    test('an unknown model or field is an error, also of no record', () => fixture.undone(schema, async (session) => {
      await rejects(session.read({ model: 'town', ids: [], fields: [] }), withCode('MODEL_UNKNOWN'));
      await rejects(session.insert({ model: 'town', count: 0, fields: [], columns: [] }), withCode('MODEL_UNKNOWN'));
      await rejects(session.update({ model: 'town', ids: [], fields: [], columns: [] }), withCode('MODEL_UNKNOWN'));
      await rejects(session.delete('town', []), withCode('MODEL_UNKNOWN'));
      await rejects(session.read({ model: 'city', ids: [], fields: ['nmae'] }), withCode('FIELD_UNKNOWN'));
      await rejects(session.insert({ model: 'city', count: 0, fields: ['nmae'], columns: [[]] }), withCode('FIELD_UNKNOWN'));
      await rejects(session.update({ model: 'city', ids: [], fields: ['nmae'], columns: [[]] }), withCode('FIELD_UNKNOWN'));
    }));

    test('the id is no field to be read or written among others', () => fixture.undone(schema, async (session) => {
      const ids = await insertRows(session, 'city', [{ name: 'a' }]);
      const saysWhy = (error: unknown): boolean => withCode('FIELD_UNKNOWN')(error) && !String(error).includes('Did you mean');
      await rejects(session.update({ model: 'city', ids, fields: ['id'], columns: [[7]] }), saysWhy);
      await rejects(session.read({ model: 'city', ids, fields: ['id'] }), saysWhy);
    }));

    test('an id that is missing is a value that is missing', async () => {
      for (const model of ['named', 'city', 'unique']) {
        await fixture.undone(schema, (session) => rejects(session.insert({ model, count: 1, ids: [null as unknown as StoredId], fields: ['name'], columns: [['a']] }), withCode('STORAGE_NOT_NULL')));
      }
    });

    test('an int4 knows no negative zero', () => fixture.undone(schema, async (session) => {
      const ids = await insertRows(session, 'city', [{ size: -0 }]);
      deepStrictEqual(await valuesOf(session, 'city', ids, 'size'), [0]);
    }));

    test('unknown operators and kinds of filters are refused', () => fixture.undone(schema, async (session) => {
      const condition = (operator: string): Filter => ({ kind: 'condition', path: ['name'], operator: operator as Operator, value: 'secret' });
      const filters = [condition('equals'), condition('toString'), { kind: 'not', not: condition('=') }, { kind: 'xor', all: [] }, {}, { kind: 'and', all: [{ kind: 'nor' }] }] as unknown as readonly Filter[];
      for (const filter of filters) {
        await rejects(session.query({ model: 'city', filter, fields: ['name'] }), withCode('FILTER_INVALID', 'secret'));
        await rejects(session.count({ model: 'city', filter }), withCode('FILTER_INVALID'));
        await rejects(session.group({ model: 'city', filter, by: [], aggregates: [] }), withCode('FILTER_INVALID'));
      }
      strictEqual(session.state, 'open');
    }));
  });
}
