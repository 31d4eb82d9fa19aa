import { EVERYTHING, type ColumnSchema, type Schema } from '@ormolu/kernel';
import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { column, insertRows, reference, Tables, valuesOf, type ComplianceRunner, type Fixture } from './fixture';
import { withCode } from './with-code';

/** Tables come from the schema, grow with it, and lose nothing. */
export function migrationRules({ describe, test }: ComplianceRunner, fixture: Fixture): void {
  describe('migrations', () => {
    /** Versions of one set of tables. */
    const versions = (): ((columns: readonly ColumnSchema[], more?: (tables: Tables) => Tables) => Schema) => {
      const suffix = Number(/\d+$/.exec(fixture.tables().add('x', []).schema().tables[0]?.table ?? '0')?.[0]);
      return (columns, more = (tables) => tables) => more(new Tables(suffix).add('city', columns)).schema();
    };

    test('a second run does nothing', async () => {
      const version = versions();
      const schema = version([column('name', 'text', { unique: true }), column('size', 'int4', { index: true, required: true }), column('price', 'numeric', { scale: 2 }),
        column('at', 'timestamptz'), column('json', 'jsonb'), reference('twin', 'city', 'set null'), reference('country', 'country', 'cascade')], (tables) => tables.add('country', []));
      ok((await fixture.storage.migrate(schema)).statements.length > 0);
      deepStrictEqual((await fixture.storage.migrate(schema)).statements, []);
    });

    test('two at the same time do it once', async () => {
      const schema = versions()([column('name', 'text', { unique: true })]);
      const reports = await Promise.all([fixture.storage.migrate(schema), fixture.storage.migrate(schema)]);
      strictEqual(reports.filter(({ statements }) => statements.length > 0).length, 1);
    });

    test('columns, tables, references and indexes are added to what exists', async () => {
      const version = versions();
      const first = version([column('name', 'text')]);
      await fixture.storage.migrate(first);
      const ids = await fixture.committed(first, (session) => insertRows(session, 'city', [{ name: 'a' }, { name: 'b' }]));
      const second = version([column('name', 'text', { unique: true, required: true }), column('size', 'int4', { index: true }), reference('country', 'country')], (tables) => tables.add('country', [column('name', 'text')]));
      await fixture.storage.migrate(second);
      await fixture.undone(second, async (session) => {
        deepStrictEqual(await valuesOf(session, 'city', ids, 'name'), ['a', 'b']);
        deepStrictEqual(await valuesOf(session, 'city', ids, 'size'), [null, null]);
        const [country] = await insertRows(session, 'country', [{ name: 'c' }]);
        await session.update({ model: 'city', ids, fields: ['country'], columns: [[country, country]] });
        await rejects(insertRows(session, 'city', [{ name: 'a' }]), withCode('STORAGE_UNIQUE'));
      });
    });

    test('a type is widened where every value keeps its meaning', async () => {
      const version = versions();
      const first = version([column('size', 'int4'), column('price', 'numeric', { scale: 2 })]);
      await fixture.storage.migrate(first);
      const ids = await fixture.committed(first, (session) => insertRows(session, 'city', [{ size: 5, price: '1.25' }]));
      const second = version([column('size', 'int4', { required: false }), column('price', 'numeric', { scale: 2 }), column('big', 'int8')]);
      await fixture.storage.migrate(second);
      deepStrictEqual(await fixture.undone(second, (session) => valuesOf(session, 'city', ids, 'price')), ['1.25']);
    });

    test('what would lose or reinterpret data is refused by name, and nothing is changed', async () => {
      const version = versions();
      const first = version([column('name', 'text'), column('price', 'numeric', { scale: 2 }), reference('other', 'a')], (tables) => tables.add('a', []).add('b', []));
      await fixture.storage.migrate(first);
      const ids = await fixture.committed(first, (session) => insertRows(session, 'city', [{ name: 'a' }, { name: 'a' }, { name: null }]));
      const refused: readonly (readonly ColumnSchema[])[] = [
        [column('name', 'int4'), column('fresh', 'text')],
        [column('price', 'numeric', { scale: 1 }), column('fresh', 'text')],
        [column('price', 'float8'), column('fresh', 'text')],
        [column('name', 'text', { required: true }), column('fresh', 'text')],
        [column('name', 'text', { unique: true }), column('fresh', 'text')],
        [column('needed', 'text', { required: true }), column('fresh', 'text')],
        [reference('other', 'b'), column('fresh', 'text')],
      ];
      for (const columns of refused) await rejects(fixture.storage.migrate(version(columns, (tables) => tables.add('a', []).add('b', []))), withCode('STORAGE_MIGRATION_REFUSED'));
      const fresh = version([column('fresh', 'text')]);
      await fixture.undone(fresh, async (session) => rejects(session.query({ model: 'city', filter: EVERYTHING, fields: ['fresh'] }), withCode('STORAGE_NOT_MIGRATED')));
      deepStrictEqual(await fixture.undone(first, (session) => valuesOf(session, 'city', ids, 'name')), ['a', 'a', null]);
    });

    test('a model without a table says what to do', async () => {
      const schema = fixture.tables().add('nowhere', [column('name', 'text')]).schema();
      await fixture.undone(schema, async (session) => rejects(session.count({ model: 'nowhere', filter: EVERYTHING }), withCode('STORAGE_NOT_MIGRATED')));
    });

    test('a column that is no longer named stays, and may be named again', async () => {
      const version = versions();
      const first = version([column('name', 'text'), column('size', 'int4')]);
      await fixture.storage.migrate(first);
      const ids = await fixture.committed(first, (session) => insertRows(session, 'city', [{ name: 'a', size: 5 }]));
      await fixture.storage.migrate(version([column('name', 'text')]));
      await fixture.storage.migrate(first);
      deepStrictEqual(await fixture.undone(first, (session) => valuesOf(session, 'city', ids, 'size')), [5]);
    });
  });
}
