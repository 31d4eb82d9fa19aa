import { ConstraintError, EVERYTHING, SameValue, type Schema } from '@ormolu/kernel';
import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { column, insertRows, reference, valuesOf, type ComplianceRunner, type Fixture } from './fixture';
import { withCode } from './with-code';

/** What the database refuses, and what it does to rows that refer to removed ones. */
export function constraintRules({ describe, test, beforeAll }: ComplianceRunner, fixture: Fixture): void {
  describe('constraints', () => {
    let schema: Schema;
    beforeAll(async () => {
      schema = await fixture.migrated(fixture.tables()
        .add('country', [column('name', 'text', { required: true }), column('code', 'text', { unique: true })])
        .add('city', [column('name', 'text'), reference('country', 'country'), reference('twin', 'city', 'set null')])
        .add('street', [column('name', 'text'), reference('city', 'city', 'cascade')])
        .add('house', [reference('street', 'street', 'cascade')]));
    });

    /** Runs a call that must be refused, and sees that the session has failed and can return to before. */
    const refused = async (code: string, prepare: (session: Parameters<Parameters<Fixture['undone']>[1]>[0]) => Promise<() => Promise<unknown>>): Promise<Error> => (
      fixture.undone(schema, async (session) => {
        const call = await prepare(session);
        const savepoint = await session.savepoint();
        let refusal: unknown;
        await rejects(call(), (error) => {
          refusal = error;
          return withCode(code, 'secret')(error);
        });
        ok(refusal instanceof ConstraintError);
        strictEqual(session.state, 'failed');
        await rejects(session.count({ model: 'country', filter: EVERYTHING }), withCode('STORAGE_SESSION_STATE'));
        await session.rollbackTo(savepoint);
        strictEqual(session.state, 'open');
        await session.count({ model: 'country', filter: EVERYTHING });
        return refusal;
      }));

    test('a missing value is refused with model and field', async () => {
      const error = await refused('STORAGE_NOT_NULL', (session) => Promise.resolve(() => insertRows(session, 'country', [{ code: 'secret' }])));
      ok(/'name'.*'country'/.test(error.message), error.message);
      await refused('STORAGE_NOT_NULL', async (session) => {
        const ids = await insertRows(session, 'country', [{ name: 'a' }]);
        return () => session.update({ model: 'country', ids, fields: ['name'], columns: [new SameValue(null)] });
      });
    });

    test('a value that another record has is refused with model and field', async () => {
      const error = await refused('STORAGE_UNIQUE', async (session) => {
        await insertRows(session, 'country', [{ name: 'a', code: 'secret' }]);
        return () => insertRows(session, 'country', [{ name: 'b', code: 'secret' }]);
      });
      ok(/'code'.*'country'/.test(error.message), error.message);
      await refused('STORAGE_UNIQUE', (session) => Promise.resolve(() => insertRows(session, 'country', [{ name: 'a', code: 'secret' }, { name: 'b', code: 'secret' }])));
    });

    test('no value is equal to none, and a record may keep its own', () => fixture.undone(schema, async (session) => {
      const ids = await insertRows(session, 'country', [{ name: 'a', code: null }, { name: 'b', code: null }, { name: 'c', code: 'C' }]);
      await session.update({ model: 'country', ids: ids.slice(2), fields: ['code'], columns: [['C']] });
    }));

    test('one update may pass a unique value from record to record', () => fixture.undone(schema, async (session) => {
      const ids = await insertRows(session, 'country', [{ name: 'a', code: 'A' }, { name: 'b', code: 'B' }, { name: 'c', code: 'C' }]);
      await session.update({ model: 'country', ids, fields: ['code'], columns: [['B', 'C', 'A']] });
      deepStrictEqual(await valuesOf(session, 'country', ids, 'code'), ['B', 'C', 'A']);
    }));

    test('an id that is taken is refused', async () => {
      const error = await refused('STORAGE_UNIQUE', async (session) => {
        const ids = await insertRows(session, 'country', [{ name: 'a' }]);
        return () => session.insert({ model: 'country', count: 1, fields: ['name'], columns: [['b']], ids });
      });
      ok(/'id'.*'country'/.test(error.message), error.message);
    });

    test('a reference to nothing is refused with model, field and id', async () => {
      const error = await refused('STORAGE_FOREIGN_KEY', (session) => Promise.resolve(() => insertRows(session, 'city', [{ name: 'secret', country: 1_999_999_999 }])));
      ok(/'country'.*'city'/.test(error.message), error.message);
      ok(error.message.includes('1999999999'), error.message);
    });

    test('a record that others refer to is not removed', async () => {
      const error = await refused('STORAGE_FOREIGN_KEY', async (session) => {
        const [country = 0] = await insertRows(session, 'country', [{ name: 'secret' }]);
        await insertRows(session, 'city', [{ country }]);
        return () => session.delete('country', [country]);
      });
      ok(/'country'.*'city'/.test(error.message), error.message);
    });

    test('removing cascades and empties references as declared', () => fixture.undone(schema, async (session) => {
      const cities = await insertRows(session, 'city', [{ name: 'a' }, { name: 'b' }]);
      const [a = 0, b = 0] = cities;
      await session.update({ model: 'city', ids: [a, b], fields: ['twin'], columns: [[b, a]] });
      const streets = await insertRows(session, 'street', [{ city: a }, { city: a }, { city: b }]);
      await insertRows(session, 'house', [{ street: streets[0] }, { street: streets[2] }]);
      deepStrictEqual(await session.delete('city', [a]), [a]);
      deepStrictEqual(await valuesOf(session, 'city', [b], 'twin'), [null]);
      strictEqual(await session.count({ model: 'street', filter: EVERYTHING }), 1);
      strictEqual(await session.count({ model: 'house', filter: EVERYTHING }), 1);
    }));

    test('records that refer to each other are removed together', () => fixture.undone(schema, async (session) => {
      const [country = 0] = await insertRows(session, 'country', [{ name: 'a' }]);
      const [a = 0] = await insertRows(session, 'city', [{ country }]);
      await session.update({ model: 'city', ids: [a], fields: ['twin'], columns: [[a]] });
      deepStrictEqual(await session.delete('city', [a]), [a]);
      deepStrictEqual(await session.delete('country', [country]), [country]);
    }));

    test('rows of one insert may refer to each other', () => fixture.undone(schema, async (session) => {
      const ids = [1_000_000_001, 1_000_000_002];
      await session.insert({ model: 'city', count: 2, fields: ['twin'], columns: [[...ids].reverse()], ids });
      deepStrictEqual(await valuesOf(session, 'city', ids, 'twin'), [...ids].reverse());
    }));
  });
}
